package asking

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Inside asks the read-only resource of Keycloak's jar. Its answers become messages that bear the
// answering node: what the node's listener tells and what its resource tells have one clock.
type Inside struct{ Resource *keycloak.Resource }

// errNotAsked: the answer is about somebody else. Keycloak has given a user of another spelling
// before, and a look at them would be believed for the one who was asked about.
var errNotAsked = errors.New("the look is not at whom it was asked for")

// look is at a user, a client or a realm; gone: at a realm that Keycloak does not have.
func (i Inside) look(ctx context.Context, s tokenstate.Scope, tokens []tokenstate.Token) (ms []events.Message, gone bool, err error) {
	got, err := i.Resource.Look(ctx, s.Realm, keycloak.Asked{User: s.User, Client: s.Client})
	if err != nil {
		return nil, false, err
	}
	os, err := parse(got)
	if err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(os, func(o *events.Observation) bool { return o.Realm != nil && o.Realm.Gone }) {
		return nil, true, nil
	}
	if err := about(os, s); err != nil {
		return nil, false, err
	}
	if s.User == "" {
		return messages(s.Realm, got, os), false, nil
	}
	// Sessions first: if Keycloak has no such user, they tell whose tokens these are.
	for some := range slices.Chunk(uncovered(os, s, tokens), keycloak.MaxSessions) {
		more, err := i.sessions(ctx, s.Realm, some)
		if err != nil {
			return nil, false, err
		}
		ms = append(ms, more...)
	}
	return append(ms, messages(s.Realm, got, os)...), false, nil
}

func (i Inside) sessions(ctx context.Context, realm string, sessions []string) ([]events.Message, error) {
	got, err := i.Resource.Look(ctx, realm, keycloak.Asked{Sessions: sessions})
	if err != nil {
		return nil, err
	}
	os, err := parse(got)
	if err == nil {
		err = named(os, sessions)
	}
	if err != nil {
		return nil, err
	}
	return messages(realm, got, os), nil
}

// lookNamed is at the client that has this name now; "" if none has.
func (i Inside) lookNamed(ctx context.Context, realm, clientID string) (events.Message, string, error) {
	got, err := i.Resource.Look(ctx, realm, keycloak.Asked{ClientID: clientID})
	if err != nil {
		return events.Message{}, "", err
	}
	os, err := parse(got)
	if err != nil {
		return events.Message{}, "", err
	}
	for n, m := range messages(realm, got, os) {
		for _, c := range os[n].Clients {
			if c.ClientID == clientID && !c.Gone {
				return m, c.Client, nil
			}
		}
	}
	return events.Message{}, "", nil
}

// parse reads the parts as strictly as the log's own messages.
func parse(got keycloak.Parts) ([]*events.Observation, error) {
	os := make([]*events.Observation, len(got.Parts))
	for i, raw := range got.Parts {
		o, err := events.ParseObservation(raw)
		if err != nil {
			return nil, fmt.Errorf("keycloak's tokenstate resource: %w", err)
		}
		if len(o.Causes) > 0 {
			return nil, fmt.Errorf("keycloak's tokenstate resource: %w: it names causes", errNotAsked)
		}
		os[i] = o
	}
	return os, nil
}

// about is nil if a look is at s, and at nobody else.
func about(os []*events.Observation, s tokenstate.Scope) error {
	seen := false
	for _, o := range os {
		if o.User != nil && o.User.User != s.User {
			return errNotAsked
		}
		for _, r := range o.Rosters {
			if s.User == "" || r.User != s.User && (r.User != "" || r.Session == "") {
				return errNotAsked
			}
		}
		switch {
		case s.User != "":
			seen = seen || o.User != nil
		case s.Client != "":
			seen = seen || slices.ContainsFunc(o.Clients, func(c events.ClientLook) bool { return c.Client == s.Client })
		default:
			seen = seen || o.Realm != nil
		}
	}
	if !seen {
		return errNotAsked
	}
	return nil
}

// named is nil if a look is at these sessions alone.
func named(os []*events.Observation, sessions []string) error {
	for _, o := range os {
		if o.User != nil || slices.ContainsFunc(o.Rosters, func(r events.Roster) bool { return !slices.Contains(sessions, r.Session) }) {
			return errNotAsked
		}
	}
	return nil
}

// uncovered are the sessions of tokens that no complete roster would have listed. That a user whom Keycloak does not have
// has no sessions says nothing of them: the token may name its user otherwise.
func uncovered(os []*events.Observation, s tokenstate.Scope, tokens []tokenstate.Token) (sessions []string) {
	var rosters []events.Roster
	gone := false
	for _, o := range os {
		rosters = append(rosters, o.Rosters...)
		gone = gone || o.User != nil && o.User.Gone
	}
	for _, t := range tokens {
		covered := slices.ContainsFunc(rosters, func(r events.Roster) bool {
			return r.Complete && (r.Session == t.Session || r.Session == "" && r.User == s.User && !gone) && (r.Client == "" || r.Client == t.Client)
		})
		if !covered && !slices.Contains(sessions, t.Session) {
			sessions = append(sessions, t.Session)
		}
	}
	return sessions
}

func messages(realm string, got keycloak.Parts, os []*events.Observation) (ms []events.Message) {
	for _, o := range os {
		ms = append(ms, events.Message{
			ID: uuid.NewString(), Realm: realm, At: events.Millis(got.At.UnixMilli()), Node: got.Node, Source: events.Look, Body: o,
		})
	}
	return ms
}

// SessionsAfter implements worker.Keyed.
func (i Inside) SessionsAfter(ctx context.Context, realm, client, after string, limit int) (worker.Page, error) {
	got, err := i.Resource.SessionsAfter(ctx, realm, client, after, limit)
	if err != nil {
		return worker.Page{}, keyFault(err)
	}
	page := keyPage(got, len(got.Sessions))
	for _, s := range got.Sessions {
		page.Sessions = append(page.Sessions, events.ClientSession{
			Session: s.ID, Client: client, User: s.UserID,
			Start: events.Seconds(s.Start), Ends: events.Seconds(s.Ends), Life: events.Seconds(s.Life),
		})
	}
	return page, nil
}

// UsersAfter implements worker.Keyed.
func (i Inside) UsersAfter(ctx context.Context, realm, after string, limit int) (worker.Page, error) {
	got, err := i.Resource.UsersAfter(ctx, realm, after, limit)
	if err != nil {
		return worker.Page{}, keyFault(err)
	}
	page := keyPage(got, len(got.Users))
	for _, u := range got.Users {
		page.Users = append(page.Users, events.UserSeen{
			User: u.ID, Enabled: u.Enabled, NotBefore: events.Seconds(u.NotBefore),
			OfflineAccess: &u.OfflineAccess, Store: u.Store,
		})
	}
	return page, nil
}

func keyPage(got keycloak.KeyPage, rows int) worker.Page {
	return worker.Page{At: events.Millis(got.At.UnixMilli()), Node: got.Node, Rows: rows, Next: got.Next}
}

func keyFault(err error) error {
	if keycloak.NotOffered(err) {
		return fmt.Errorf("%w: %w", worker.ErrNoKeys, err)
	}
	return pageFault(err)
}
