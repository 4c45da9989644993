package pgsource

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Ensure the console's role can follow everything that verdicts are made of, past versions that are
// about keys alone, and that no digest is in what it may read.
func TestConsoleFollowsWithoutDigests(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ks, ctx := state.New(pool), keys.New(pool), t.Context()
	confirm(t, st)
	source := NewShown(asConsole(t, pool), time.Hour)
	known := follow(t, source)
	must(t, known.WaitVersion(ctx, 0))

	token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}
	_, err := st.PutToken(ctx, state.StoredToken{Token: token, Verified: true}, &state.Ciphertext{KeyID: "k", Bytes: []byte("x")})
	must(t, err)
	must(t, ks.PutServiceKey(ctx, keys.ServiceKey{Name: "a", Realm: "demo", Scopes: []string{"mint"}, Digest: apikey.Sum{2}}))
	last, err := st.Order(ctx, events.Message{
		ID: "message-1", Realm: "demo", At: 1_700_000_000_000, Source: events.Authapi,
		Body: &events.Order{Order: events.OrderRevoke, By: "x", User: "u", Before: 9, Tokens: true},
	})
	must(t, err)
	must(t, known.WaitVersion(ctx, last))
	if v := known.Judge(token); v.State != tokenstate.Revoked || v.Cause != "message-1" {
		t.Errorf("the console's verdict is %+v", v)
	}
	news, err := source.News(ctx, 0)
	must(t, errors.Join(err, news.Gap))
	if news.Now.Version != last {
		t.Errorf("the console is at version %d", news.Now.Version)
	}
	for _, c := range news.Now.Changes {
		if c.Fact == nil && c.Token == nil {
			t.Errorf("the feed shows a credential: %+v", c)
		}
	}
}

// asConsole connects with the rights of tokenstate_console alone.
func asConsole(t *testing.T, owner *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	config := owner.Config().Copy()
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE tokenstate_console")
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	var role string
	must(t, pool.QueryRow(t.Context(), "SELECT current_user").Scan(&role))
	if role != "tokenstate_console" {
		t.Fatalf("connected as %s", role)
	}
	return pool
}
