package pgsource

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// confirm does what a worker does that has read the log to its end.
func confirm(t *testing.T, st *state.Store) {
	t.Helper()
	history, err := st.History(t.Context())
	must(t, err)
	must(t, st.Confirm(t.Context(), history))
}

// Ensure everything that is written to the database reaches a reader that was there before,
// and one that comes later sees the same.
func TestReadersSeeWhatIsWritten(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ks, ctx := state.New(pool), keys.New(pool), t.Context()
	confirm(t, st)
	early := follow(t, New(pool, time.Hour)) // woken by notifications only
	must(t, early.WaitVersion(ctx, 0))

	token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}
	_, err := st.PutToken(ctx, state.StoredToken{Token: token, Verified: true}, &state.Ciphertext{KeyID: "k", Bytes: []byte("x")})
	must(t, err)
	gone := token
	gone.Session = "gone"
	_, err = st.PutToken(ctx, state.StoredToken{Token: gone}, nil)
	must(t, err)
	_, _, err = st.DeleteToken(ctx, "demo", "u", "gone")
	must(t, err)
	n := keys.Name{Realm: "demo", User: "u", Org: "o", Key: apikey.SystemPrefix + "a"}
	rec := apikey.Record{ID: "id", Realm: "demo", User: "u", Org: "o", Name: n.Key, Kind: apikey.KindSystem, Generation: 1, Created: 1, PepperID: "p", Digest: apikey.Sum{1}}
	_, _, err = ks.Mint(ctx, n, func(*apikey.Record, apikey.Owned) (uint64, error) { return 1, nil }, func(uint64, tokenstate.Seconds) apikey.Issue { return apikey.Issue{Record: rec} })
	must(t, err)
	must(t, ks.PutServiceKey(ctx, keys.ServiceKey{Name: "a", Realm: "demo", Scopes: []string{"mint"}, Digest: apikey.Sum{2}}))
	must(t, ks.PutServiceKey(ctx, keys.ServiceKey{Name: "b", Realm: "demo", Scopes: []string{}, Digest: apikey.Sum{3}}))
	_, err = ks.DeleteServiceKey(ctx, "b")
	must(t, err)
	order := &events.Order{Order: events.OrderRevoke, By: "x", User: "u", Before: 9, Tokens: true}
	last, err := st.Order(ctx, events.Message{ID: "message-1", Realm: "demo", At: 1_700_000_000_000, Source: events.Authapi, Body: order})
	must(t, err)

	must(t, early.WaitVersion(ctx, last))
	late := follow(t, New(pool, time.Hour))
	must(t, late.WaitVersion(ctx, last))
	for name, p := range map[string]*projection.Projection{"early": early, "late": late} {
		stored, v, ok := p.Best("demo", "u", "", nil)
		if !ok || stored.Token != token || stored.Custody != "sealed" || !stored.Verified || v.State != tokenstate.Revoked || len(p.TokensOf("demo", "u", "")) != 1 {
			t.Errorf("%s: %+v %+v", name, stored, v)
		}
		if got, ok, err := p.KeyByID(ctx, "id"); !ok || err != nil || got != rec {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if ss := p.ServiceKeys(); len(ss) != 1 || ss[0].Name != "a" || ss[0].Digest != (apikey.Sum{2}) {
			t.Errorf("%s: %+v", name, ss)
		}
		if ok, why := p.Ready(); !ok {
			t.Errorf("%s: %s", name, why)
		}
	}
	var a, b bytes.Buffer
	must(t, early.Dump(&a))
	must(t, late.Dump(&b))
	if a.Len() == 0 || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two readers of one version differ")
	}
}

// Ensure a restored database is noticed: same versions, other nonces.
func TestRestoredDatabase(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ctx := state.New(pool), t.Context()
	put := func(session string) int64 {
		p, err := st.PutToken(ctx, state.StoredToken{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: session, IssuedAt: 5}}, nil)
		must(t, err)
		return p.Version
	}
	put("kept")
	p := follow(t, New(pool, 20*time.Millisecond))
	must(t, p.WaitVersion(ctx, put("lost")))
	for _, sql := range []string{
		"DELETE FROM tokenstate.offline_token WHERE session = 'lost'", "DELETE FROM tokenstate.feed WHERE version = 2",
		"UPDATE tokenstate.feed_head SET version = 1, nonce = (SELECT nonce FROM tokenstate.feed WHERE version = 1)",
	} {
		_, err := pool.Exec(ctx, sql)
		must(t, err)
	}
	put("other")
	must(t, p.WaitVersion(ctx, put("last")))
	if _, ok := p.Token("demo", "lost", "app"); ok {
		t.Error("a token of a lost history is still answered from")
	}
	if _, ok := p.Token("demo", "other", "app"); !ok {
		t.Error("a token of the new history is missing")
	}
}

func follow(t *testing.T, s interface {
	projection.Source
	Close()
},
) *projection.Projection {
	t.Helper()
	p := projection.New(s, projection.Options{}, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; s.Close() })
	return p
}

// Ensure a row of the feed that this program cannot read, as a newer one's, is made good from the
// tables: what was written with it and after it is known, nothing is read as its zero value.
func TestAnUnreadableRowIsLoadedFromTheTables(t *testing.T) {
	for name, row := range map[string]string{
		"another kind":   `'novel', 'k', '{}'`,
		"a new member":   `'cutoff', 'k', '{"Scope":{"Realm":"demo","User":"u","Client":"","Session":"","Key":""},"Cause":"c","Value":{"Before":1,"At":1,"Tokens":true,"Keys":true,"Reason":"x","New":1}}'`,
		"a member fewer": `'cutoff', 'k', '{"Scope":{"Realm":"demo","User":"u","Client":"","Session":"","Key":""},"Cause":"c","Value":{"Before":1,"At":1,"Tokens":true,"Reason":"x"}}'`,
		"no value":       `'api_key', 'k', '[]'`,
	} {
		t.Run(name, func(t *testing.T) {
			pool := testenv.Postgres(t, state.MigrateURL)
			st, ctx := state.New(pool), t.Context()
			confirm(t, st)
			reader := follow(t, New(pool, 10*time.Millisecond))
			must(t, reader.WaitVersion(ctx, 0))
			_, err := pool.Exec(ctx, `WITH head AS (UPDATE tokenstate.feed_head SET version = version + 1, nonce = 'odd' RETURNING version, nonce)
				INSERT INTO tokenstate.feed (version, nonce, kind, key, value) SELECT version, nonce, `+row+` FROM head`)
			must(t, err)
			order := &events.Order{Order: events.OrderRevoke, By: "x", User: "u", Before: 9, Tokens: true}
			last, err := st.Order(ctx, events.Message{ID: "message-1", Realm: "demo", At: 1_700_000_000_000, Source: events.Authapi, Body: order})
			must(t, err)
			short, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			must(t, reader.WaitVersion(short, last))
			if ok, why := reader.Ready(); !ok {
				t.Error(why)
			}
		})
	}
}
