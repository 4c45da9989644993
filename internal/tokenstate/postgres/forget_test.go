package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure exactly that is forgotten of which nobody holds anything, and all of which is ordinary and old; and that the rule
// in SQL is the one in Go, so that who compares with the journal misses nothing.
func TestForget(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s, forgotten, kept := New(pool), 0, 0
	rapid.Check(t, func(t *rapid.T) {
		_, err := pool.Exec(ctx, `TRUNCATE tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal,
			tokenstate.fact_cutoff, tokenstate.fact_pardon, tokenstate.fact_doubt, tokenstate.offline_token, tokenstate.api_key, tokenstate.org_member CASCADE`)
		must(t, err)
		all, want, before := tokenstate.NewFacts(), tokenstate.NewFacts(), tokenstate.Millis(rapid.IntRange(1, 9).Draw(t, "before")*500)
		owns := rapid.Bool().Draw(t, "u has a session whose token names another")
		for n := range rapid.IntRange(1, atOnce).Draw(t, "realms") {
			realm := fmt.Sprint("r", n)
			f := drawHistory(t, realm)
			all.Add(f)
			holds := hold(ctx, t, s, realm)
			left := tokenstate.FactsOf(f.Rows())
			left.ForgetLike(tokenstate.NewFacts(), before)
			for _, r := range f.Rows() {
				if of := scopeOfRow(t, r); holds(of) || owns && of.User == "u" {
					r.AddTo(left)
				}
			}
			want.Add(left)
		}
		must(t, force(ctx, s, all))
		walk := s.Forgetting(func(_, user string) bool { return !owns || user != "u" })
		for parts, last := 0, false; !last; parts++ {
			if parts > 2 { // the second spares whom the first would have forgotten
				t.Fatal("a part never ends")
			}
			var n int
			n, last, err = walk.Part(ctx, before)
			must(t, err)
			forgotten += n
		}
		got, _, err := s.Facts(ctx)
		must(t, err)
		kept += len(got.Rows())
		if d := cmp.Diff(dump(want), dump(got)); d != "" {
			t.Fatalf("what should be left and what is: %s", d)
		}
		all.ForgetLike(got, before)
		if d := cmp.Diff(dump(got), dump(all)); d != "" {
			t.Fatalf("what is left, and what the journal would teach but for what was forgotten: %s", d)
		}
	})
	if forgotten == 0 || kept == 0 {
		t.Errorf("%d scopes were forgotten and %d facts kept: nothing was compared", forgotten, kept)
	}
}

// Ensure nothing is forgotten that somebody writes meanwhile: it would be lost, or readers would forget it who have just read it.
func TestForgetMeanwhile(t *testing.T) {
	look := func(at tokenstate.Millis) tokenstate.Row {
		return tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r", User: "u"}, Node: "n", Value: tokenstate.Look{At: at}}
	}
	for name, row := range map[string]tokenstate.Row{
		"something new": tokenstate.CutoffRow{Scope: tokenstate.Scope{Realm: "r", User: "u"}, Cause: "c", Value: tokenstate.Cutoff{Before: 1, At: 1, Tokens: true}},
		"a newer one":   look(9000),
	} {
		t.Run(name, func(t *testing.T) {
			pool, ctx := newPool(t), t.Context()
			s := New(pool)
			must(t, force(ctx, s, tokenstate.FactsOf([]tokenstate.Row{look(1000)})))
			walk, forgotten := s.Forgetting(anybody), make(chan int)
			_, err := Write(ctx, pool, func(tx pgx.Tx) ([]Name, error) {
				_, err := tx.Exec(ctx, "SELECT FROM tokenstate.fact_look FOR UPDATE")
				must(t, err)
				go func() {
					n, _, _ := walk.Part(ctx, 5000)
					forgotten <- n
				}()
				for waits := 0; waits == 0; {
					must(t, pool.QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()").Scan(&waits))
				}
				rows, err := joinFacts(ctx, tx, tokenstate.FactsOf([]tokenstate.Row{row}))
				return namesOf(rows), err
			})
			must(t, err)
			if n := <-forgotten; n != 0 {
				t.Errorf("%d scopes were forgotten", n)
			}
			got, _, err := s.Facts(ctx)
			must(t, err)
			want := tokenstate.FactsOf([]tokenstate.Row{look(1000), row})
			if d := cmp.Diff(dump(want), dump(got)); d != "" {
				t.Errorf("what should be left and what is: %s", d)
			}
		})
	}
}

// Ensure the worker's role may forget.
func TestForgetAsTheWorker(t *testing.T) {
	pool, ctx := newPool(t), t.Context()
	look := tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r", User: "u"}, Node: "n", Value: tokenstate.Look{At: 1000}}
	standing := tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: look.Scope, Authority: tokenstate.Keycloak}, Node: "n", Value: tokenstate.Standing{At: 1000}}
	must(t, force(ctx, New(pool), tokenstate.FactsOf([]tokenstate.Row{look, standing})))
	config := pool.Config()
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE tokenstate_worker")
		return err
	}
	worker, err := pgxpool.NewWithConfig(ctx, config)
	must(t, err)
	t.Cleanup(worker.Close)
	if n, last, err := New(worker).Forgetting(anybody).Part(ctx, 5000); n != 1 || !last || err != nil {
		t.Errorf("%d were forgotten, %v, %v", n, last, err)
	}
}

func anybody(string, string) bool { return true }

// hold has somebody hold something in a realm, or nobody, and says of which scopes.
func hold(ctx context.Context, t *rapid.T, s *Store, realm string) func(tokenstate.Scope) bool {
	switch rapid.SampledFrom([]string{"nothing", "a token", "a key", "a revoked key", "a membership"}).Draw(t, "holds") {
	case "a token":
		_, err := s.PutToken(ctx, StoredToken{Token: tokenstate.Token{Realm: realm, User: "u", ClientID: "app", Session: "s", IssuedAt: 3}}, nil)
		must(t, err)
		return func(of tokenstate.Scope) bool { return of.User == "u" || of.Session == "s" }
	case "a key":
		key(ctx, t, s, realm, "NULL")
	case "a revoked key":
		key(ctx, t, s, realm, "now()")
		return func(tokenstate.Scope) bool { return false }
	case "a membership":
		_, err := s.pool.Exec(ctx, "INSERT INTO tokenstate.org_member (realm, org_id, user_id) VALUES ($1, 'o', 'u')", realm)
		must(t, err)
	default:
		return func(tokenstate.Scope) bool { return false }
	}
	return func(of tokenstate.Scope) bool { return of.User == "u" }
}

func key(ctx context.Context, t *rapid.T, s *Store, realm, revoked string) {
	_, err := s.pool.Exec(ctx, `INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, created_at, revoked_at)
		VALUES ($1::text, $1::text, 'u', 'k', 'user', sha256(convert_to($1::text, 'UTF8')), 'p', now(), `+revoked+`)`, realm)
	must(t, err)
}

// scopeOfRow is what a fact is about; the realm of a pardon is "".
func scopeOfRow(t *rapid.T, r tokenstate.Row) tokenstate.Scope {
	var parts []any
	must(t, json.Unmarshal([]byte(r.RowKey()), &parts))
	if r.Kind() == tokenstate.KindPardon {
		return tokenstate.Scope{}
	}
	return scope(parts[0].(string), parts[1].(string), parts[2].(string), parts[3].(string), "")
}
