package inspection

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// Unseen is what doctor sees before anybody was asked.
func Unseen(c *workerconfig.Config) doctor.Seen {
	return doctor.Seen{Now: time.Now(), Overlap: c.BackfillOverlap, Skew: c.Skew, Margin: c.Margin, Unasked: map[string]string{}}
}

func (o *Operator) database(ctx context.Context, s *doctor.Seen) (realms map[string]doctor.Realm, err error) {
	st := o.Store
	d := &doctor.Database{}
	if d.Schema, d.Program, err = postgres.SchemaVersion(ctx, o.Config.Database.Reveal()); err != nil {
		return nil, err
	}
	s.Database = d
	if err := Database(ctx, st, s); err != nil {
		s.Database = nil
		return nil, err
	}
	state, err := o.State(ctx)
	return owners(state), err
}

// Database asks what a worker may ask.
func Database(ctx context.Context, st *postgres.Store, s *doctor.Seen) error {
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
