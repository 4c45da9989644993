package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		for n := range rapid.IntRange(1, atOnce).Draw(t, "realms") {
			realm := fmt.Sprint("r", n)
			f := drawHistory(t, realm)
			all.Add(f)
			holds := hold(ctx, t, s, realm)
			left := tokenstate.FactsOf(f.Rows())
			left.ForgetLike(tokenstate.NewFacts(), before)
			for _, r := range f.Rows() {
				if holds(scopeOfRow(t, r)) {
					r.AddTo(left)
				}
			}
			want.Add(left)
		}
		must(t, force(ctx, s, all))
		walk := s.Forgetting()
		for last := false; !last; {
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
