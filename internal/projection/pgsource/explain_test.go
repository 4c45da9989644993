package pgsource

import (
	"context"
	"regexp"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// asked notes the names of queries.
type asked struct {
	mu    sync.Mutex
	names []string
}

var queryName = regexp.MustCompile(`^-- name: (\w+)`)

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := queryName.FindStringSubmatch(d.SQL); m != nil {
		a.names = append(a.names, m[1])
	}
	return ctx
}

func (*asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Ensure a story is told of what is about the user in its realm, and of nothing else: not of the
// whole state, and not of as many messages of another realm as are read at most.
func TestExplainReadsOneUser(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	var a asked
	config := pool.Config()
	config.ConnConfig.Tracer = &a
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(traced.Close)
	st := state.New(pool)
	for _, realm := range []string{"demo", "other"} {
		_, err := st.PutToken(t.Context(), state.StoredToken{Token: tokenstate.Token{Realm: realm, User: "u", ClientID: "app", Session: "s", IssuedAt: 5}}, nil)
		must(t, err)
	}
	raw := func(realm string) []byte {
		b, err := events.Encode(events.Message{
			ID: "order-in-" + realm, Realm: realm, At: 1_700_000_000_000, Source: events.Authapi,
			Body: &events.Order{Order: events.OrderRevoke, By: "x", User: "u", Before: 9, Tokens: true},
		})
		must(t, err)
		return b
	}
	_, err = pool.Exec(t.Context(), `INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw, about)
		SELECT 'other-' || i, i, i, 'other', 'order', $1, '{u}' FROM generate_series(1, 10001) i`, raw("other"))
	must(t, err)
	_, err = pool.Exec(t.Context(), `INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw, about)
		VALUES ('order-in-demo', 20000, 20000, 'demo', 'order', $1, '{u}')`, raw("demo"))
	must(t, err)
	for _, name := range []string{"u", "s"} {
		story, err := Explain(t.Context(), traced, "demo", name)
		must(t, err)
		if len(story.Steps) != 1 || story.Steps[0].ID != "order-in-demo" || len(story.Steps[0].Changes) != 1 || story.More || story.Realm != "demo" || story.User != "u" {
			t.Errorf("%s: %+v", name, story)
		}
	}
	for _, q := range a.names {
		switch q {
		case "TokensNamed", "ListedKeys", "JournalAbout", "JournalState", "Rules", "NowMillis", "OwnerStandings", "OwnerSightings", "OwnerCutoffs", "PardonsOf":
		default:
			t.Errorf("%s was asked", q)
		}
	}
}

// Ensure a story can be told by each role that tells any.
func TestExplainAsEachRole(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	_, err := state.New(pool).PutToken(t.Context(), state.StoredToken{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}}, nil)
	must(t, err)
	for _, role := range []string{"tokenstate_authapi", "tokenstate_console"} {
		config := pool.Config()
		config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SET ROLE "+role)
			return err
		}
		as, err := pgxpool.NewWithConfig(t.Context(), config)
		must(t, err)
		t.Cleanup(as.Close)
		if story, err := Explain(t.Context(), as, "demo", "u"); err != nil || story.User != "u" {
			t.Errorf("%s: %v", role, err)
		}
	}
}
