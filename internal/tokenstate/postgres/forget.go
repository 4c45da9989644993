package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// KindForgotten names a scope of which nothing is known any more, but for what the same version, or a later one, names of it.
const KindForgotten = "forgotten"

// forgetPage is how many scopes one transaction goes over: what it takes is some milliseconds.
const forgetPage = 2_000

// Forget goes over the next scopes in the order of the facts' keys, and forgets those of people and sessions that nobody
// holds anything of, if all that is known of them is ordinary and from before a time. It gives how many, and where to go
// on; at the end that is the zero Scope, which is also where to begin.
//
// Who is stored meanwhile is not waited for: nothing is known of a new holder then, and so they are looked at.
func (s *Store) Forget(ctx context.Context, after tokenstate.Scope, before tokenstate.Millis) (n int, next tokenstate.Scope, err error) {
	p := dbsqlc.ForgetPageParams{
		Realm: after.Realm, UserID: after.User, Client: after.Client, Session: after.Session, Most: forgetPage, BeforeMs: int64(before),
	}
	_, err = Write(ctx, s.pool, func(tx pgx.Tx) (forgotten []Name, err error) {
		// First, so that who compares with the journal never sees more forgotten than is said here.
		if err := q.ForgotBefore(ctx, tx, int64(before)); err != nil {
			return nil, err
		}
		rows, err := q.ForgetPage(ctx, tx, p)
		for _, r := range rows {
			if r.Forgotten {
				forgotten = append(forgotten, forgottenName(r.Realm, r.UserID, r.Client, r.Session))
			}
		}
		if n = len(forgotten); len(rows) == forgetPage {
			last := rows[len(rows)-1]
			next = scope(last.Realm, last.UserID, last.Client, last.Session, "")
		}
		return forgotten, err
	})
	if err != nil {
		return 0, after, fmt.Errorf("forget who holds nothing: %w", err)
	}
	return n, next, nil
}

func forgottenName(parts ...string) Name {
	key, err := json.Marshal(parts)
	if err != nil {
		panic("texts are always JSON: " + err.Error())
	}
	return Name{KindForgotten, string(key)}
}

// forgotten are the scopes of which nothing is known any more but what is there.
func (ns names) forgotten() (all []Change, err error) {
	for _, key := range ns[KindForgotten] {
		s, err := scopeNamed(key)
		if err != nil {
			return nil, err
		}
		all = append(all, Change{Name{KindForgotten, key}, s})
	}
	return all, nil
}

// scopeNamed is what a key begins with.
func scopeNamed(key string) (tokenstate.Scope, error) {
	columns, err := keyColumns([]string{key}, scopeParts-1)
	if err != nil {
		return tokenstate.Scope{}, err
	}
	var parts [scopeParts - 1]string
	for i, c := range columns {
		parts[i] = c.([]string)[0] // keyColumns gives nothing else
	}
	return scope(parts[0], parts[1], parts[2], parts[3], ""), nil
}

// lost are the facts that are named and not there, although their scopes have not been forgotten.
func (ns names) lost(keys []string, found []Change) (n int, err error) {
	there, gone := map[string]bool{}, map[tokenstate.Scope]bool{}
	for _, c := range found {
		there[c.Key] = true
	}
	scopes, err := ns.forgotten()
	for _, c := range scopes {
		gone[c.Value.(tokenstate.Scope)] = true // forgotten gives nothing else
	}
	for _, key := range keys {
		if err == nil && !there[key] {
			var s tokenstate.Scope
			if s, err = scopeNamed(key); !gone[s] {
				n++
			}
		}
	}
	return n, err
}
