package pgsource

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
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
	return followed(t, s, projection.Options{})
}

func followed(t *testing.T, s interface {
	projection.Source
	Close()
}, o projection.Options,
) *projection.Projection {
	t.Helper()
	p := projection.New(s, o, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; s.Close() })
	return p
}

// announced adds a version to the feed as another program would.
func announced(t *testing.T, pool *pgxpool.Pool, names []byte) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `WITH head AS (UPDATE tokenstate.feed_head SET version = version + 1, nonce = 'odd' RETURNING version, nonce)
		INSERT INTO tokenstate.feed (version, nonce, names) SELECT version, nonce, $1 FROM head`, names)
	must(t, err)
}

// deflated is how names lie in the feed.
func deflated(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	must(t, err)
	_, err = z.Write([]byte(text))
	must(t, err)
	must(t, z.Close())
	return out.Bytes()
}

// Ensure a row of the feed that this program cannot read, as a newer one's, is made good from the
// tables: what was written with it and after it is known, nothing is passed over.
func TestAnUnreadableRowIsLoadedFromTheTables(t *testing.T) {
	for name, names := range map[string][]byte{
		"another kind":         deflated(t, `{"novel": ["k"]}`),
		"nothing":              {},
		"no names":             []byte("x"),
		"another form":         deflated(t, `["look"]`),
		"a key that is none":   deflated(t, `{"cutoff": ["k"]}`),
		"a scope that is none": deflated(t, `{"look": ["[\"demo\", 1, \"\", \"\", \"\", \"\"]"]}`),
		"a fact that is none":  deflated(t, `{"look": ["[\"demo\",\"nobody\",\"\",\"\",\"\",\"\"]"]}`),
	} {
		t.Run(name, func(t *testing.T) {
			pool := testenv.Postgres(t, state.MigrateURL)
			st, ctx := state.New(pool), t.Context()
			confirm(t, st)
			loads := make(chan struct{}, 9)
			reader := followed(t, New(pool, 10*time.Millisecond), projection.Options{Loaded: func() { loads <- struct{}{} }})
			<-loads
			announced(t, pool, names)
			<-loads
			last, err := st.Order(ctx, revocation("message-1"))
			must(t, err)
			must(t, reader.WaitVersion(ctx, last))
			if ok, why := reader.Ready(); !ok {
				t.Error(why)
			}
		})
	}
}

func revocation(id string) events.Message {
	return events.Message{
		ID: id, Realm: "demo", At: 1_700_000_000_000, Source: events.Authapi,
		Body: &events.Order{Order: events.OrderRevoke, By: "x", User: "u", Before: 9, Tokens: true},
	}
}

// Ensure nobody is believed who may write the feed and not what it names: what is named is read from its own table, and what is not
// there is gone.
func TestTheFeedIsNotBelieved(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ks, ctx := state.New(pool), keys.New(pool), t.Context()
	confirm(t, st)
	loads := make(chan struct{}, 9)
	reader := followed(t, New(pool, 10*time.Millisecond), projection.Options{Loaded: func() { loads <- struct{}{} }})
	<-loads
	token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}
	_, err := st.PutToken(ctx, state.StoredToken{Token: token}, nil)
	must(t, err)
	must(t, ks.PutServiceKey(ctx, keys.ServiceKey{Name: "a", Realm: "demo", Scopes: []string{"mint"}, Digest: apikey.Sum{2}}))
	_, err = pool.Exec(ctx, "UPDATE tokenstate.offline_token SET verified = true") // as another program does it, who announces it below
	must(t, err)
	announced(t, pool, deflated(t, `{"token": ["[\"demo\",\"s\",\"app\"]", "[\"demo\",\"forged\",\"app\"]"], "service_key": ["a", "forged"]}`))
	must(t, reader.WaitVersion(ctx, 3))
	if stored, ok := reader.Token("demo", "s", "app"); !ok || !stored.Verified || stored.Token.User != "u" {
		t.Errorf("the token is %+v", stored)
	}
	if _, ok := reader.Token("demo", "forged", "app"); ok {
		t.Error("a token is known that is stored nowhere")
	}
	if all := reader.ServiceKeys(); len(all) != 1 || all[0].Scopes[0] != "mint" {
		t.Errorf("the credentials are %+v", all)
	}
	if len(loads) != 0 {
		t.Error("a snapshot was loaded")
	}
}

// Ensure what lies between two versions of a reader is read as it is now, in one step, whatever has changed how often.
func TestManyVersionsAreReadTogether(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ks, ctx := state.New(pool), keys.New(pool), t.Context()
	source := New(pool, time.Hour)
	t.Cleanup(source.Close)
	token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}
	m := apikey.Member{Realm: "demo", Org: "o", User: "u"}
	for i := range tokenstate.Seconds(5) {
		token.IssuedAt = 5 + i
		_, err := st.PutToken(ctx, state.StoredToken{Token: token}, nil)
		must(t, err)
		_, err = ks.PutMember(ctx, m)
		must(t, err)
		_, err = ks.DeleteMember(ctx, m)
		must(t, err)
	}
	n, err := source.News(ctx, 1)
	must(t, errors.Join(err, n.Gap))
	if n.Now.Version != 15 || len(n.Now.Changes) != 2 || n.Now.Changes[0].Token.Token != token || *n.Now.Changes[1].RemovedMember != m {
		t.Errorf("%+v", n)
	}
}

// Ensure about how many rows a snapshot has is what the planner has counted, and 0 before.
func TestSnapshotRows(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	s := New(pool, time.Hour)
	defer s.Close()
	for i := range 3 {
		_, err := state.New(pool).PutToken(t.Context(), state.StoredToken{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: string(rune('a' + i)), IssuedAt: 5}}, nil)
		must(t, err)
	}
	for _, want := range []int64{0, 3} {
		if n, err := s.SnapshotRows(t.Context()); err != nil || n != want {
			t.Errorf("%d rows, want %d: %v", n, want, err)
		}
		_, err := pool.Exec(t.Context(), "ANALYZE tokenstate.offline_token")
		must(t, err)
	}
}
