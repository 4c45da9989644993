package recovery

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/time/rate"

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

// Reconcile looks at Keycloak on behalf of nobody else: it returns the state as the looks would
// make it, and writes nothing. failed are the subjects that could not be looked at; if Keycloak
// does not answer at all, it ends.
func Reconcile(ctx context.Context, ask worker.Asker, s State, subjects []tokenstate.Scope, limit *rate.Limiter, seen func(done int)) (then State, failed map[tokenstate.Scope]error, err error) {
	then, failed = s, map[tokenstate.Scope]error{}
	learnt := tokenstate.NewFacts()
	for i, subject := range subjects {
		if err := limit.Wait(ctx); err != nil {
			return s, failed, err //nolint:wrapcheck // interrupted
		}
		ms, err := ask.Look(ctx, subject, tokensOf(s, subject))
		switch {
		case errors.Is(err, worker.ErrAway) || ctx.Err() != nil:
			return s, failed, err //nolint:wrapcheck // it says what failed
		case err != nil:
			failed[subject] = err
		default:
			for _, m := range ms {
				learnt.Add(tokenstate.Learn(m))
			}
		}
		seen(i + 1)
	}
	then.Facts = tokenstate.Join(s.Facts, learnt)
	return then, failed, nil
}

func tokensOf(s State, subject tokenstate.Scope) (ts []tokenstate.Token) {
	for _, t := range s.Tokens {
		if subject.User != "" && t.User == subject.User && t.Realm == subject.Realm {
			ts = append(ts, t)
		}
	}
	return ts
}

// Mistaken are final cutoffs of Keycloak's events, not of orders, that alone keep a token dead
// which Keycloak shows living: each wants a pardon.
func Mistaken(s State) (ds []Difference) {
	open := s.Facts
	open.Cutoffs = map[tokenstate.Scope]map[string]tokenstate.Cutoff{}
	for _, t := range s.Tokens {
		v := tokenstate.Judge(t, s.Facts, s.Rules)
		if v.State != tokenstate.Revoked || v.Reason == tokenstate.ReasonOrder || tokenstate.Judge(t, open, s.Rules).State != tokenstate.Usable {
			continue
		}
		if listed(s.Facts, t) > v.Since {
			ds = append(ds, Difference{t.Realm, t.User, "token of " + t.ClientID + " in session " + t.Session, verdict(v), "usable, after: revocation-worker pardon " + v.Cause, v.Cause})
		}
	}
	return ds
}

// listed is when a look last showed t's session living; 0 if none did.
func listed(f tokenstate.Facts, t tokenstate.Token) (at tokenstate.Millis) {
	seat := tokenstate.Scope{Realm: t.Realm, Client: t.Client, Session: t.Session}
	for _, l := range f.Sightings[tokenstate.SightingKey{Seat: seat}] {
		at = max(at, l.At)
	}
	return at
}
