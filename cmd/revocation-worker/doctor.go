package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func doctorCommand() *cli.Command {
	return keycloakCommand("doctor", "say what is wrong with the installation, what it breaks and what repairs it; exit code 3 if anything must be repaired", nil, examine)
}

func examine(ctx context.Context, cmd *cli.Command, o *operator) error {
	fs := doctor.Examine(o.look(ctx, cmd.Root().ErrWriter))
	err := ops.Output(cmd, fs, func(w io.Writer) {
		for _, f := range fs {
			ops.Wrap(w, fmt.Sprintf("%-5s %s: ", f.Level, f.Check), f.Found)
			for _, more := range []struct{ first, text string }{{"      breaks: ", f.Breaks}, {"      repair: ", f.Repair}} {
				if more.text != "" {
					ops.Wrap(w, more.first, more.text)
				}
			}
		}
	})
	if err == nil && doctor.Worst(fs) == doctor.Fault {
		err = fmt.Errorf("%w: see the faults above", ops.ErrDifferences)
	}
	return err
}

// Bounds of doctor's parts. Each has its own, so that a part that does not answer takes no time from
// the others, nor is blamed on them. NATS answers a forbidden trial with silence, which takes 2 s each;
// the database gives everything that verdicts are made of.
const (
	databaseLimit = time.Minute
	natsLimit     = 20 * time.Second
	keycloakLimit = 20 * time.Second
	answerLimit   = 5 * time.Second // for NATS to answer anything at all
)

// look gathers all that can be asked. What cannot is a finding of its own. progress is told of each
// part as it ends: a part that is away is silent for as long as its bound.
func (o *operator) look(ctx context.Context, progress io.Writer) doctor.Seen {
	progress = &oneAtATime{w: progress}
	log := o.unseen() // of its own, for it is asked beside the others
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		part(ctx, progress, "nats", natsLimit, &log, func(ctx context.Context) error { return o.lookAtLog(ctx, &log) })
	}()
	s, realms := o.unseen(), map[string]doctor.Realm{}
	part(ctx, progress, "postgres", databaseLimit, &s, func(ctx context.Context) error {
		counted, err := o.lookAtDatabase(ctx, &s)
		if err == nil {
			realms = counted
		}
		return err
	})
	part(ctx, progress, "keycloak", keycloakLimit, &s, func(ctx context.Context) error { return o.lookAtKeycloak(ctx, &s, realms) })
	<-asked
	s.Stream, s.Sync, s.Rights, s.Logins = log.Stream, log.Sync, log.Rights, log.Logins
	maps.Copy(s.Unasked, log.Unasked)
	return s
}

// oneAtATime lets the parts write beside each other.
type oneAtATime struct {
	sync.Mutex
	w io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.w.Write(p)
}

func part(ctx context.Context, progress io.Writer, name string, limit time.Duration, s *doctor.Seen, ask func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	word := "asked"
	if err := ask(ctx); err != nil {
		s.Unasked[name], word = err.Error(), "could not be asked"
	}
	_, _ = fmt.Fprintf(progress, "doctor: %s %s\n", name, word)
}

func (c *config) unseen() doctor.Seen {
	return doctor.Seen{Now: time.Now(), Overlap: c.overlap, Skew: c.skew, Margin: c.margin, Unasked: map[string]string{}}
}

func (o *operator) lookAtDatabase(ctx context.Context, s *doctor.Seen) (realms map[string]doctor.Realm, err error) {
	st := o.store()
	d := &doctor.Database{}
	if d.Schema, d.Program, err = postgres.SchemaVersion(ctx, o.database.Reveal()); err != nil {
		return nil, err
	}
	s.Database = d
	if err := lookAtStore(ctx, st, s); err != nil {
		s.Database = nil
		return nil, err
	}
	state, err := o.state(ctx)
	return owners(state), err
}

// lookAtStore asks what a worker may ask.
func lookAtStore(ctx context.Context, st *postgres.Store, s *doctor.Seen) error {
	d := s.Database
	rights, err := st.Rights(ctx)
	if err != nil {
		return err
	}
	d.Superuser, d.ReadsSecrets, d.Writes = rights.Superuser, rights.ReadsSecrets, rights.Writes
	status, err := st.Status(ctx)
	if err != nil {
		return err
	}
	d.Confirmed = status.Confirmed
	s.Nodes = doctor.NodesOf(status.Heartbeats)
	if s.Version, err = st.KeycloakVersion(ctx); err != nil {
		return err
	}
	if d.Parked, err = st.ParkedCount(ctx); err != nil {
		return err
	}
	if d.OutboxAge, err = st.OutboxAge(ctx); err != nil {
		return err
	}
	now, err := st.Now(ctx)
	if err != nil {
		return err
	}
	s.Now = now.Time()
	for _, b := range status.Backfills {
		s.Missed = append(s.Missed, doctor.Missed{Realm: b.Realm, Any: b.Missed, Upto: b.Upto.Time()})
	}
	return nil
}

// owners counts, for each realm, whose standing nobody has ever seen.
func owners(state recovery.State) map[string]doctor.Realm {
	users := map[tokenstate.Scope]bool{}
	for _, t := range state.Tokens {
		users[tokenstate.Scope{Realm: t.Realm, User: t.User}] = true
	}
	for _, k := range state.Keys {
		users[tokenstate.Scope{Realm: k.Realm, User: k.User}] = true
	}
	out := map[string]doctor.Realm{}
	for u := range users {
		r := out[u.Realm]
		r.OwnersInAll++
		if !tokenstate.Owner(u.Realm, u.User, state.Facts, state.Rules).Known {
			r.NeverLooked++
		}
		out[u.Realm] = r
	}
	for realm, r := range out {
		if since := state.Facts.StoreUsersSince(realm, state.Facts.ChangedBeneath(realm)); !since.Found {
			r.StoreGone = since.Gone
			out[realm] = r
		}
	}
	return out
}

func (o *operator) lookAtLog(ctx context.Context, s *doctor.Seen) error {
	log, err := o.log(ctx, o.logger)
	if err != nil {
		return err
	}
	defer log.Close()
	first, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	settings, err := log.Settings(first)
	if err != nil {
		return err
	}
	found := doctor.Stream(settings)
	s.Stream = &found
	o.lookAtSync(ctx, s)
	if s.Rights, err = o.natsRights(ctx, operatorMay); err != nil {
		return err
	}
	trust, err := o.tls()
	if err != nil {
		return err
	}
	open, err := stream.OpenTo(ctx, stream.Options{URL: o.nats.Reveal(), TLS: trust, Name: "revocation-worker"}, natsUsers...)
	if err != nil {
		return err
	}
	s.Logins = &doctor.Logins{Open: open}
	return nil
}

// natsUsers are those of deploy/nats.conf.
var natsUsers = []string{"listener", "worker", "operator"}

func (c *config) lookAtSync(ctx context.Context, s *doctor.Seen) {
	if c.natsMonitor == "" {
		return
	}
	always, err := stream.SyncAlways(ctx, c.natsMonitor)
	if err != nil {
		s.Unasked["nats, sync"] = err.Error()
		return
	}
	s.Sync = &always
}

// lookAtKeycloak asks about the realms that have tokens or keys, and the one that was named.
func (o *operator) lookAtKeycloak(ctx context.Context, s *doctor.Seen, counted map[string]doctor.Realm) error {
	admin, err := o.admin()
	if err != nil {
		return err
	}
	if _, known := counted[o.realm]; !known && o.realm != "" {
		counted[o.realm] = doctor.Realm{}
	}
	return (&inspection{admin, o.store(), o.adminRealm}).realms(ctx, counted, s)
}

// inspection looks at realms as doctor and the worker's self-test both do.
type inspection struct {
	admin      *keycloak.Admin
	store      *postgres.Store
	adminRealm string
}

// realms adds what Keycloak says to what has been counted.
func (i *inspection) realms(ctx context.Context, counted map[string]doctor.Realm, s *doctor.Seen) error {
	roles, err := i.admin.Roles(ctx)
	if err != nil {
		return err
	}
	own, err := i.admin.ServerVersion(ctx)
	if err != nil {
		return err
	}
	s.Version = cmp.Or(own, s.Version)
	s.NoGlobal = !keycloak.Since(s.Version, 1)
	s.Resource = offered(ctx, i.admin.Resource())
	heard, _ := i.store.HeardRealms(ctx) // Postgres that is away has said so already
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		r := i.one(ctx, name, roles[name], counted[name])
		r.Heard = slices.Contains(heard, name)
		s.Realms = append(s.Realms, r)
	}
	s.Admin = i.one(ctx, i.adminRealm, roles[i.adminRealm], doctor.Realm{})
	return nil
}

// one reads the database's clock beside each question: on a slow machine they are far apart.
func (i *inspection) one(ctx context.Context, name string, roles []string, r doctor.Realm) doctor.Realm {
	r.Name, r.Roles = name, roles
	asked, clockErr := i.store.Now(ctx)
	e, err := i.admin.EventSettings(ctx, name)
	if r.SavedUnknown = err != nil; r.SavedUnknown {
		return r // its roles say why
	}
	r.Keycloak, r.Asked = e.At, asked.Time()
	if clockErr != nil {
		r.Asked = e.At
	}
	r.UserEvents, r.Types, r.UserExpiry = e.UserEvents, e.Types, e.UserExpiry
	r.AdminEvents, r.Details, r.AdminExpiry, r.Listeners = e.AdminEvents, e.AdminDetails, e.AdminExpiry, e.Listeners
	stores, _ := i.admin.UserStores(ctx, name) // without view-realm, which its roles say
	for _, u := range stores {
		if u.Enabled && u.RemovesInvalid {
			r.Removing = append(r.Removing, u.Name)
		}
	}
	return r
}
