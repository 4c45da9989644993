package recovery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Subjects are whom the verdicts on s depend on: realms, clients and users, each once, in order.
// user limits them to one user, and to what their tokens depend on.
func Subjects(s State, user string) []tokenstate.Scope {
	all := map[tokenstate.Scope]bool{}
	add := func(realm, owner, client string) {
		if user != "" && owner != user {
			return
		}
		all[tokenstate.Scope{Realm: realm}] = true
		all[tokenstate.Scope{Realm: realm, User: owner}] = true
		if client != "" {
			all[tokenstate.Scope{Realm: realm, Client: client}] = true
		}
	}
	for _, t := range s.Tokens {
		add(t.Realm, t.User, t.Client)
	}
	for _, k := range s.Keys {
		add(k.Realm, k.User, "")
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b tokenstate.Scope) int {
		return slices.Compare([]string{a.Realm, a.User, a.Client}, []string{b.Realm, b.User, b.Client})
	})
}

// Unseen is a subject that could not be looked at; with Pages the pages of the realm's listings.
type Unseen struct {
	Subject tokenstate.Scope
	Pages   bool
	Err     error
}

// Reconcile looks at Keycloak on behalf of nobody else: it returns the state as the looks would
// make it, and writes nothing. Where a realm has many users, pages of listings come first, and
// whoever they show as they are known is not looked at by themselves. failed are the subjects that
// could not be looked at; if Keycloak does not answer at all, it ends.
func Reconcile(ctx context.Context, ask worker.Asker, pages *worker.Pages, s State, subjects []tokenstate.Scope,
	limit *rate.Limiter, seen func(done int),
) (then State, failed []Unseen, err error) {
	then = s
	c := &collected{known: s, facts: tokenstate.NewFacts(), held: holdings(s)}
	pages.Known, pages.Log = c, c
	for realm, users := range manyIn(subjects) {
		if err := pages.List(ctx, realm, false); err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%d users are looked at one by one: %w", users, err)
			failed = append(failed, Unseen{Subject: tokenstate.Scope{Realm: realm}, Pages: true, Err: err})
		}
	}
	shown := tokenstate.Join(s.Facts, c.facts)
	for i, subject := range subjects {
		seen(i + 1)
		if subject.User != "" && c.first > 0 && tokenstate.SeenSince(subject, c.held[subject], shown, s.Rules, c.first) {
			continue
		}
		if err := limit.Wait(ctx); err != nil {
			return s, failed, err
		}
		ms, err := ask.Look(ctx, subject, c.held[subject])
		switch {
		case errors.Is(err, worker.ErrAway) || ctx.Err() != nil:
			return s, failed, err
		case err != nil:
			failed = append(failed, Unseen{Subject: subject, Err: err})
		default:
			for _, m := range ms {
				c.facts.Learn(m)
			}
		}
	}
	then.Facts = tokenstate.Join(s.Facts, c.facts)
	return then, failed, nil
}

// manyIn are the realms with so many users that pages are worth while.
func manyIn(subjects []tokenstate.Scope) map[string]int {
	n := map[string]int{}
	for _, s := range subjects {
		if s.User != "" {
			n[s.Realm]++
		}
	}
	maps.DeleteFunc(n, func(_ string, users int) bool { return users < worker.WorthListing })
	return n
}

// collected learns what is published instead of publishing it.
type collected struct {
	known State
	facts tokenstate.Facts
	first tokenstate.Millis // the earliest page
	held  map[tokenstate.Scope][]tokenstate.Token
}

func holdings(s State) map[tokenstate.Scope][]tokenstate.Token {
	held := map[tokenstate.Scope][]tokenstate.Token{}
	for _, t := range s.Tokens {
		user := tokenstate.Scope{Realm: t.Realm, User: t.User}
		held[user] = append(held[user], t)
	}
	for _, k := range s.Keys {
		user := tokenstate.Scope{Realm: k.Realm, User: k.User}
		held[user] = slices.Clip(held[user])
	}
	return held
}

// Publish implements worker.Publisher.
func (c *collected) Publish(_ context.Context, m events.Message) error {
	c.facts.Learn(m)
	if c.first == 0 || m.At < c.first {
		c.first = m.At
	}
	return nil
}

// Holds implements worker.Listed.
func (c *collected) Holds(realm, user string) bool {
	_, ok := c.held[tokenstate.Scope{Realm: realm, User: user}]
	return ok
}

// PageTells implements worker.Listed.
func (c *collected) PageTells(realm, user string, p tokenstate.PageUser, at events.Millis) (tell, ask bool) {
	return tokenstate.PageTells(tokenstate.Scope{Realm: realm, User: user}, p, c.known.Facts, c.known.Rules, at)
}

// ClientsIn implements worker.Listed.
func (c *collected) ClientsIn(realm string) (clients []string) {
	all := map[string]bool{}
	for user, ts := range c.held {
		for _, t := range ts {
			if user.Realm == realm && t.Client != "" {
				all[t.Client] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Unnamed counts the subjects' tokens by those client_ids that stand for no known client: no look
// can ask for the sessions of such a token, and what is in doubt about it stays so.
func Unnamed(s State, subjects []tokenstate.Scope) map[string]int {
	whose, n := map[tokenstate.Scope]bool{}, map[string]int{}
	for _, u := range subjects {
		whose[u] = true
	}
	for _, t := range s.Tokens {
		if t.Client == "" && whose[tokenstate.Scope{Realm: t.Realm, User: t.User}] {
			n[t.ClientID]++
		}
	}
	return n
}

// InDoubt counts the verdicts on subjects that looks have yet to settle, and can.
func InDoubt(s State, subjects []tokenstate.Scope) (n int) {
	whose := map[tokenstate.Scope]bool{}
	for _, u := range subjects {
		whose[u] = true
	}
	for _, t := range s.Tokens {
		if t.Client != "" && whose[tokenstate.Scope{Realm: t.Realm, User: t.User}] && tokenstate.Judge(t, s.Facts, s.Rules).InDoubt {
			n++
		}
	}
	for _, k := range s.Keys {
		if whose[tokenstate.Scope{Realm: k.Realm, User: k.User}] && tokenstate.Owner(k.Realm, k.User, s.Facts, s.Rules).InDoubt {
			n++
		}
	}
	return n
}

// Mistaken are final cutoffs of Keycloak's events, not of orders, that alone keep a token dead
// which Keycloak shows living: each wants a pardon.
func Mistaken(s State) (ds []Difference) {
	open := s.Facts.Pardoning(told(s.Facts))
	for _, t := range s.Tokens {
		v := tokenstate.Judge(t, s.Facts, s.Rules)
		if v.State != tokenstate.Revoked || tokenstate.Judge(t, open, s.Rules).State != tokenstate.Usable {
			continue
		}
		if s.Facts.ListedAt(t) > v.Since {
			ds = append(ds, Difference{
				t.Realm, t.User, "token of " + t.ClientID + " in session " + t.Session, false, verdict(v),
				"usable, after: revocation-worker pardon " + v.Cause, v.Cause,
			})
		}
	}
	return ds
}

// told are the causes of the cutoffs that nobody ordered.
func told(f tokenstate.Facts) map[string]bool {
	causes := map[string]bool{}
	for _, c := range f.CutoffRows() {
		if c.Value.Reason != tokenstate.ReasonOrder {
			causes[c.Cause] = true
		}
	}
	return causes
}
