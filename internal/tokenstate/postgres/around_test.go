package postgres

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure what is read around one user judges their tokens, keys and clients as everything does, whoever else there is.
func TestAroundAUserIsAsEverything(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s := New(pool)
	rapid.Check(t, func(t *rapid.T) {
		wipe(t, s)
		_, err := pool.Exec(ctx, "DELETE FROM tokenstate.offline_token")
		must(t, err)
		all := tokenstate.NewFacts()
		for _, realm := range []string{"r0", "r1"} {
			all.Add(drawHistory(t, realm))
			for _, user := range []string{"u", "o"} {
				tok := tokenstate.Token{
					Realm: realm, User: user, Client: rapid.SampledFrom([]string{"", "c1", "c1"}).Draw(t, "client"), ClientID: "app",
					Session: rapid.SampledFrom([]string{"s", "s" + user}).Draw(t, "session"), IssuedAt: 3,
				}
				_, err := s.PutToken(ctx, StoredToken{Token: tok}, nil)
				must(t, err)
			}
		}
		must(t, force(ctx, s, all))
		stored, err := s.ListTokens(ctx)
		must(t, err)
		for _, held := range stored { // the second of one place takes it from the first
			tok := held.Token
			around, err := s.AroundUsers(ctx, tok.Realm, tok.User)
			must(t, err)
			if got, want := tokenstate.Judge(tok, around.Facts, around.Rules), tokenstate.Judge(tok, all, around.Rules); got != want {
				t.Fatalf("%+v is %+v, and of everything %+v", tok, got, want)
			}
			if got, want := tokenstate.Owner(tok.Realm, tok.User, around.Facts, around.Rules), tokenstate.Owner(tok.Realm, tok.User, all, around.Rules); got != want {
				t.Fatalf("the owner %s is %+v, and of everything %+v", tok.User, got, want)
			}
			if !slices.Contains(around.Tokens, tok) {
				t.Fatalf("the tokens of %s are %+v, and stored is %+v", tok.User, around.Tokens, tok)
			}
		}
		for _, realm := range []string{"r0", "r1"} {
			uuid, err := s.ClientCalled(ctx, realm, "app")
			if must(t, err); uuid != all.ClientCalled(realm, "app") {
				t.Fatalf("the client that is called app is %q, and of everything %q", uuid, all.ClientCalled(realm, "app"))
			}
		}
	})
}

// Ensure that only rows about the user are read: a program that reads everything needs memory for everything.
func TestAroundAUserIsLittle(t *testing.T) {
	s, f := New(newPool(t)), tokenstate.NewFacts()
	for i := range 100 {
		user := fmt.Sprint("u", i)
		_, err := s.PutToken(t.Context(), StoredToken{Token: tokenstate.Token{Realm: "r", User: user, Client: "c", ClientID: "app", Session: "s" + user, IssuedAt: 1}}, nil)
		must(t, err)
		tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r", User: user}, Value: tokenstate.Look{At: 1, Cause: "c"}}.AddTo(f)
		tokenstate.SightingRow{ID: tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: "r", Session: "s" + user}}, Value: tokenstate.Sighting{At: 1}}.AddTo(f)
	}
	must(t, force(t.Context(), s, f))
	around, err := s.AroundUsers(t.Context(), "r", "u7")
	must(t, err)
	if n := len(around.Facts.LookRows()) + len(around.Facts.SightingRows()); n != 2 {
		t.Errorf("%d facts were read about a user of whom two are known", n)
	}
}

// Ensure no table of facts is read whole, also where Postgres takes the rows that name no user for rows that name no session.
func TestAroundAUserIsFoundByKeys(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	_, err := s.pool.Exec(ctx, `INSERT INTO tokenstate.fact_sighting (realm, user_id, client, session, key, gone, node, at_ms, tie, start_s, second_s, cause)
		SELECT 'r', CASE WHEN i % 2 = 0 THEN 'u' || md5(i::text) ELSE '' END, CASE WHEN i % 2 = 0 THEN '' ELSE 'c' || i % 10 END,
		CASE WHEN i % 2 = 0 THEN '' ELSE 's' || md5(i::text) END, '', false, 'n', 1, '', 0, 0, 'e' FROM generate_series(1, 20000) i`)
	must(t, err)
	_, err = s.pool.Exec(ctx, "ANALYZE tokenstate.fact_sighting")
	must(t, err)
	const user, session = "uc9f0f895fb98ab9159f51fd0297e236d", "s8f14e45fceea167a5a36dedd4bea2543" // md5 of 8 and of 7
	must(t, s.inOneState(ctx, func(tx pgx.Tx) error {
		near := narrowed{realm: "r", users: []string{"", user}, clients: []string{"", "c7"}, sessions: []string{"", session}}
		f, err := near.facts(ctx, tx)
		must(t, err)
		var whole int
		err = tx.QueryRow(ctx, "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'fact_sighting'").Scan(&whole)
		if n := len(f.SightingRows()); n != 2 || whole > 0 {
			t.Errorf("%d sightings, and %d rows were read for them", n, whole)
		}
		return err
	}))
}

// Ensure that a token of somebody else's session, as a look has shown, is judged by what is known of them, also where the
// token was stored before the UUID of its client was known.
func TestAroundAUserAreTheirTokensOwners(t *testing.T) {
	for _, client := range []string{"c", ""} {
		s, f := New(newPool(t)), tokenstate.NewFacts()
		tok := tokenstate.Token{Realm: "r", User: "renamed", Client: client, ClientID: "app", Session: "s", IssuedAt: 1}
		_, err := s.PutToken(t.Context(), StoredToken{Token: tok}, nil)
		must(t, err)
		tokenstate.SightingRow{
			ID: tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: "r", Client: "c", Session: "s"}}, Value: tokenstate.Sighting{At: 1, Owner: "owner"},
		}.AddTo(f)
		tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "r", Client: "c"}, Authority: tokenstate.Keycloak},
			Value:   tokenstate.Standing{At: 1, ClientID: "app", Cause: "e"},
		}.AddTo(f)
		tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "r", User: "owner"}, Authority: tokenstate.Keycloak},
			Value:   tokenstate.Standing{At: 2, Disabled: true, Cause: "e"},
		}.AddTo(f)
		must(t, force(t.Context(), s, f))
		for _, users := range [][]string{{"renamed"}, {"owner"}, {"renamed", "owner"}} {
			around, err := s.AroundUsers(t.Context(), "r", users...)
			must(t, err)
			if len(around.Tokens) != 1 || tokenstate.Judge(around.Tokens[0], around.Facts, around.Rules).Reason != tokenstate.ReasonUserDisabled {
				t.Errorf("around %v, of a token of the client %q: %+v", users, client, around)
			}
		}
	}
}
