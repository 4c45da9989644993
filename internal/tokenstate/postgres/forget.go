package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// forgetPage is how many scopes one transaction goes over: it takes some milliseconds, and 160 where all are forgotten.
const forgetPage = 2_000

// Forgetting goes over all facts, part by part, and begins anew after the end. It is for one goroutine.
type Forgetting struct {
	store    *Store
	stranger func(realm, user string) bool
	after    tokenstate.Scope
	spared   []tokenstate.Scope // users of the next part
}

// Forgetting begins at the beginning. It forgets those users only whom stranger says to have nothing here: a token may name its
// user otherwise than Keycloak does, and whose session it is no index of the tables tells.
func (s *Store) Forgetting(stranger func(realm, user string) bool) *Forgetting {
	return &Forgetting{store: s, stranger: stranger}
}

// Part goes over the next scopes in the order of the facts' keys, and forgets those of people and sessions that nobody holds
// anything of, if all that is known of them is ordinary and from before a time. It gives how many, and whether that was
// the last part.
//
// Who is stored meanwhile is not waited for: nothing is known of a new holder then, and so they are looked at. What is learnt
// meanwhile is not lost: the next part is the same one then.
func (f *Forgetting) Part(ctx context.Context, before tokenstate.Millis) (n int, last bool, err error) {
	p := dbsqlc.ForgetPageParams{
		Realm: f.after.Realm, UserID: f.after.User, Client: f.after.Client, Session: f.after.Session, Most: forgetPage, BeforeMs: int64(before),
		SparedRealms: []string{}, SparedUsers: []string{},
	}
	for _, u := range f.spared {
		p.SparedRealms, p.SparedUsers = append(p.SparedRealms, u.Realm), append(p.SparedUsers, u.User)
	}
	var rows []dbsqlc.ForgetPageRow
	_, err = Write(ctx, f.store.pool, func(tx pgx.Tx) (forgotten []Name, err error) {
		if rows, err = q.ForgetPage(ctx, tx, p); err != nil {
			return nil, err
		}
		if f.spare(rows) {
			return nil, errAgain
		}
		for _, r := range rows {
			if r.Forgotten {
				forgotten = append(forgotten, forgottenName(r.Realm, r.UserID, r.Client, r.Session))
			}
		}
		if n = len(forgotten); n > 0 {
			err = onlyForgotten(ctx, tx, rows, int64(before))
		}
		return forgotten, err
	})
	if errors.Is(err, errAgain) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("forget who holds nothing: %w", err)
	}
	f.after, f.spared = tokenstate.Scope{}, nil
	if last = len(rows) < forgetPage; !last {
		end := rows[len(rows)-1]
		f.after = scope(end.Realm, end.UserID, end.Client, end.Session, "")
	}
	return n, last, nil
}

// errAgain says that a part forgot too much, and is gone over again: users who are no strangers, or of whom something was learnt
// meanwhile.
var errAgain = errors.New("somebody was forgotten who must not be")

// spare notes who was forgotten and is no stranger.
func (f *Forgetting) spare(rows []dbsqlc.ForgetPageRow) (some bool) {
	for _, r := range rows {
		if r.Forgotten && r.UserID != "" && !f.stranger(r.Realm, r.UserID) {
			f.spared, some = append(f.spared, tokenstate.Scope{Realm: r.Realm, User: r.UserID}), true
		}
	}
	return some
}

// onlyForgotten notes how far back it was forgotten, if nothing is known of these scopes any more. What a version before ours
// has named would else be in the tables, and readers would forget it; who is yet to name something waits for the head.
func onlyForgotten(ctx context.Context, tx pgx.Tx, rows []dbsqlc.ForgetPageRow, before int64) error {
	if rows[0].NewestMs >= before {
		return errAgain
	}
	if err := q.ForgotBefore(ctx, tx, before); err != nil {
		return err
	}
	if err := q.LockHead(ctx, tx); err != nil {
		return err
	}
	var p dbsqlc.KnownOfParams
	for _, r := range rows {
		if r.Forgotten {
			p.Realms, p.UserIds = append(p.Realms, r.Realm), append(p.UserIds, r.UserID)
			p.Clients, p.Sessions = append(p.Clients, r.Client), append(p.Sessions, r.Session)
		}
	}
	known, err := q.KnownOf(ctx, tx, p)
	if err == nil && known > 0 {
		err = errAgain
	}
	return err
}
