package asking

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tracing"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Asker joins keycloak.Admin to worker.Asker. A look over the admin API becomes an observation of
// nobody's node. Where Keycloak's jar offers its resource, that is asked instead, since the admin API
// fills Keycloak's caches and validates users of directories.
type Asker struct {
	Admin  *keycloak.Admin
	Inside *Inside // nil: never
	// WasThere says of a realm that Keycloak does not know whether it ever did; nil: it did.
	WasThere func(realm string) bool
	// Sighted says of a token whether any look has listed its session; nil: each was.
	Sighted func(tokenstate.Token) bool
	// Stores holds back users of user stores, whom StoreOf knows; nil: nobody.
	Stores  *Stores
	StoreOf func(realm, user string) string
}

// Look implements worker.Asker.
func (a Asker) Look(ctx context.Context, s tokenstate.Scope, tokens []tokenstate.Token) (ms []events.Message, err error) {
	ctx, traced := tracing.Looked(ctx, kindOf(s))
	defer func() { traced(err) }()
	if a.Inside != nil {
		ms, gone, err := a.Inside.look(ctx, s, tokens)
		if !gone && !keycloak.NotOffered(err) {
			return ms, Fault(err)
		}
	}
	// That a realm is gone is believed of the admin API alone, which a second question confirms.
	return a.Outside(ctx, s, tokens)
}

// kindOf is what kind of thing a look is at: it names nobody.
func kindOf(s tokenstate.Scope) string {
	switch {
	case s.User != "":
		return "user"
	case s.Client != "":
		return "client"
	}
	return "realm"
}

// Outside is Look over the admin API.
func (a Asker) Outside(ctx context.Context, s tokenstate.Scope, tokens []tokenstate.Token) (ms []events.Message, err error) {
	var at time.Time
	var o *events.Observation
	switch {
	case s.User != "":
		var more []*events.Observation
		at, o, more, err = a.user(ctx, s, tokens)
		for _, m := range more {
			ms = append(ms, observation(s.Realm, at, m))
		}
	case s.Client != "":
		at, o, err = a.client(ctx, s)
	default:
		at, o, err = a.realm(ctx, s)
	}
	if errors.Is(err, keycloak.ErrNotFound) { // the realm itself: whoever asks learns that first
		at, o, err = a.realm(ctx, s)
	}
	if err != nil {
		return nil, Fault(err)
	}
	return append(ms, observation(s.Realm, at, o)), nil
}

// LookNamed implements worker.Asker.
func (a Asker) LookNamed(ctx context.Context, realm, clientID string) (events.Message, string, error) {
	if a.Inside != nil {
		if m, id, err := a.Inside.lookNamed(ctx, realm, clientID); !keycloak.NotOffered(err) {
			return m, id, Fault(err)
		}
	}
	c, err := a.Admin.LookClientNamed(ctx, realm, clientID)
	if err != nil || c.Gone {
		return events.Message{}, "", Fault(err)
	}
	return observation(realm, c.At, &events.Observation{Clients: []events.ClientLook{clientLook(c)}}), c.Client.UUID, nil
}

func observation(realm string, at time.Time, o *events.Observation) events.Message {
	return events.Message{ID: uuid.NewString(), Realm: realm, At: events.Millis(at.UnixMilli()), Source: events.Look, Body: o}
}

// user asks for each client's sessions by itself, so that the look covers them whole. The admin API
// lists sessions whose lifetime is over until somebody refreshes them: whether they live, it cannot
// say, and nothing is said of them. Where they
// do not fit into one message, more messages name the sessions of tokens, which is all that a
// verdict can be asked about.
func (a Asker) user(ctx context.Context, s tokenstate.Scope,
	tokens []tokenstate.Token,
) (time.Time, *events.Observation, []*events.Observation, error) {
	u, err := a.lookAtUser(ctx, s, clientsOf(tokens))
	if err != nil {
		return time.Time{}, nil, nil, err
	}
	o := &events.Observation{User: &events.UserLook{
		User: u.UserID, Gone: u.Gone, Enabled: u.Enabled, OfflineAccess: u.OfflineAccess, NotBefore: events.Seconds(u.NotBefore), Store: u.Store,
	}}
	var rosters, named []events.Roster
	if u.Gone {
		named, err = a.strangers(ctx, s, tokens)
		if err != nil {
			return time.Time{}, nil, nil, err
		}
	}
	for _, c := range u.Clients {
		sure, unsure, err := a.Admin.Lasting(ctx, s.Realm, c.UUID, c.Sessions, u.At)
		if err != nil {
			return time.Time{}, nil, nil, err
		}
		r := events.Roster{User: u.UserID, Client: c.UUID, Complete: true, Sessions: []events.ClientSession{}}
		for _, live := range sure {
			r.Sessions = append(r.Sessions, events.ClientSession{
				Session: live.ID, Client: c.UUID, Start: events.Millis(live.UserStart).Second(), // the client's is the same or later
				Ends: events.Seconds(live.Ends), Life: events.Seconds(live.Life),
			})
		}
		if len(unsure) == 0 {
			rosters = append(rosters, r)
			continue
		}
		// Of a session that may be over it says nothing, and so it cannot be one roster.
		for _, one := range nameSessions(r, tokens) {
			if !unsure[one.Session] {
				named = append(named, one)
			}
		}
	}
	first, more := observations(o, rosters, tokens)
	for some := range slices.Chunk(named, maxRosters) {
		more = append(more, &events.Observation{Rosters: some})
	}
	return u.At, first, more, nil
}

// lookAtUser holds back users of a store that was changed; nobody else is counted there.
func (a Asker) lookAtUser(ctx context.Context, s tokenstate.Scope, clients []string) (keycloak.UserLook, error) {
	if a.Stores == nil || a.StoreOf(s.Realm, s.User) == "" {
		return a.Admin.LookUser(ctx, s.Realm, s.User, clients)
	}
	if err := a.Stores.May(s.Realm, s.User, time.Now()); err != nil {
		return keycloak.UserLook{}, err
	}
	u, err := a.Admin.LookUser(ctx, s.Realm, s.User, clients)
	a.Stores.Saw(s.Realm, s.User, err == nil, u.Gone)
	return u, err
}

// observations puts rosters into o as long as they fit, and the others, session by session, into more.
func observations(o *events.Observation, rosters []events.Roster,
	tokens []tokenstate.Token,
) (first *events.Observation, more []*events.Observation) {
	left := maxSeats
	var named []events.Roster
	for _, r := range rosters {
		if seats := len(r.Sessions) + 1; seats <= left && len(o.Rosters) < maxRosters {
			left -= seats
			o.Rosters = append(o.Rosters, r)
		} else {
			named = append(named, nameSessions(r, tokens)...)
		}
	}
	for some := range slices.Chunk(named, maxRosters) {
		more = append(more, &events.Observation{Rosters: some})
	}
	return o, more
}

// Bounds of one message: rosters, of which the log takes 256, and of its 64 KiB a seat takes at most 160 bytes.
const (
	maxSeats   = 350
	maxRosters = 64
)

func clientsOf(tokens []tokenstate.Token) []string {
	uuids := map[string]bool{}
	for _, t := range tokens {
		if t.Client != "" {
			uuids[t.Client] = true
		}
	}
	return slices.Sorted(maps.Keys(uuids))
}

// nameSessions is a client's roster session by session, for those that tokens name.
func nameSessions(whole events.Roster, tokens []tokenstate.Token) (rs []events.Roster) {
	lives := map[string]events.ClientSession{}
	for _, s := range whole.Sessions {
		lives[s.Session] = s
	}
	done := map[string]bool{}
	for _, t := range tokens {
		if t.Client != whole.Client || done[t.Session] {
			continue
		}
		done[t.Session] = true
		r := events.Roster{Client: whole.Client, Session: t.Session, Complete: true, Sessions: []events.ClientSession{}}
		if s, ok := lives[t.Session]; ok {
			r.Sessions = append(r.Sessions, s)
		}
		rs = append(rs, r)
	}
	return rs
}

func (a Asker) client(ctx context.Context, s tokenstate.Scope) (time.Time, *events.Observation, error) {
	c, err := a.Admin.LookClient(ctx, s.Realm, s.Client)
	if err != nil {
		return time.Time{}, nil, err
	}
	return c.At, &events.Observation{Clients: []events.ClientLook{clientLook(c)}}, nil
}

func clientLook(c keycloak.ClientLook) events.ClientLook {
	offline, consent := &c.OfflineAccess, &c.ConsentRequired
	if c.Gone {
		offline, consent = nil, nil
	}
	return events.ClientLook{
		Client: c.Client.UUID, ClientID: c.Client.ClientID, Gone: c.Gone, Enabled: c.Client.Enabled,
		NotBefore:     events.Seconds(c.Client.NotBefore),
		OfflineAccess: offline, ConsentRequired: consent,
	}
}

func (a Asker) realm(ctx context.Context, s tokenstate.Scope) (time.Time, *events.Observation, error) {
	r, err := a.Admin.LookRealm(ctx, s.Realm)
	if err != nil {
		return time.Time{}, nil, err
	}
	if r.Gone && a.WasThere != nil && !a.WasThere(s.Realm) {
		return time.Time{}, nil, fmt.Errorf("%w: %q: check KEYCLOAK_URL, and set WORKER_REALMS if the listener gives the realm an alias", ErrNeverThere, s.Realm)
	}
	if r.Gone {
		return r.At, &events.Observation{Realm: &events.RealmLook{Gone: true}}, nil
	}
	return r.At, &events.Observation{Realm: &events.RealmLook{
		Enabled: r.Enabled, NotBefore: events.Seconds(r.NotBefore), Name: r.Name, FrontendURL: r.FrontendURL, RefreshOnce: &r.RefreshOnce,
	}}, nil
}

// ErrNeverThere says that nobody has seen the realm there, so that its users are not taken for deleted.
var ErrNeverThere = errors.New("this Keycloak has no such realm, and no look has ever shown one")

// Fault tells apart what concerns all looks, and says what to do where it is our own rights.
func Fault(err error) error {
	u, ok := errors.AsType[*keycloak.UnavailableError](err)
	switch {
	case err == nil || !ok:
		return err
	case errors.Is(u, keycloak.ErrUnreadable): // it concerns this look alone
		return err
	case u.Status == http.StatusForbidden:
		return fmt.Errorf("%w: give our client the realm's view-users, view-clients, view-realm and view-events", err)
	case u.Status == 0 || u.Status >= 500 || u.Status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %w", worker.ErrAway, err)
	default:
		return err
	}
}
