package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// Ensure a table of several parts is read whole, each row as it is, and twice in one transaction.
func TestATableIsReadInParts(t *testing.T) {
	pool, ctx := newPool(t), t.Context()
	const many = 2*fetched + 1
	_, err := pool.Exec(ctx, "INSERT INTO tokenstate.org_member (realm, org_id, user_id) SELECT 'r', 'org ' || n % 7, 'user ' || n FROM generate_series(1, $1) n", many)
	must(t, err)
	must(t, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		r := NewReader(tx)
		for range 2 {
			var realm, org, user string
			seen := map[string]string{}
			must(t, r.Each(ctx, "org_member", []Column{{"realm", &realm}, {"org_id", &org}, {"user_id", &user}}, func() error {
				if realm != "r" {
					t.Errorf("%s is in %s", user, realm)
				}
				seen[user] = org
				return nil
			}))
			if len(seen) != many || seen["user 8"] != "org 1" || seen["user 9"] != "org 2" {
				t.Errorf("%d of %d users, and user 8 is in %s", len(seen), many, seen["user 8"])
			}
		}
		return nil
	}))
}
