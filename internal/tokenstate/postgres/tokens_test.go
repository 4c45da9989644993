package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var someToken = tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}

func issued(at tokenstate.Seconds) StoredToken {
	t := someToken
	t.IssuedAt = at
	return StoredToken{Token: t}
}

// since is what a reader of facts and tokens learns after a version.
func (s *Store) since(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, after int64,
) News {
	t.Helper()
	n, err := s.News(context.Background(), after, Readings())
	must(t, errors.Join(err, n.Gap))
	return n
}

// Ensure an overtaken, older token changes nothing, and that custody follows the newest.
func TestTokens(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	put := func(tok StoredToken, c *Ciphertext, created bool) {
		t.Helper()
		p, err := s.PutToken(ctx, tok, c)
		must(t, err)
		if p.Created != created {
			t.Fatalf("created: %v", p.Created)
		}
	}
	put(issued(5), &Ciphertext{"k", []byte("five")}, true)
	put(issued(4), &Ciphertext{"k", []byte("four")}, false)
	got, err := s.Secret(ctx, someToken)
	must(t, err)
	if string(got.Bytes) != "five" || got.IssuedAt != 5 || got.User != "u" {
		t.Fatalf("%+v", got)
	}
	put(issued(6), nil, false)
	if _, err := s.Secret(ctx, someToken); !errors.Is(err, ErrNoToken) {
		t.Fatalf("a tracked token has a ciphertext: %v", err)
	}
	ts, err := s.ListTokens(ctx)
	must(t, err)
	if len(ts) != 1 || ts[0].Token.IssuedAt != 6 || ts[0].Custody != Tracked {
		t.Fatalf("tokens: %+v", ts)
	}
	for user, want := range map[string]int{"other": 0, "u": 1} {
		if n, _, err := s.DeleteToken(ctx, "demo", user, "s"); err != nil || n != want {
			t.Fatalf("%s: deleted %d, %v", user, n, err)
		}
	}
	if n := s.since(t, 0); n.Version != 3 || len(n.Changes) != 1 || n.Changes[0].Value != nil {
		t.Fatalf("feed: %+v", n)
	}
}

// Ensure that of two replicas only the one that still holds the stored token replaces it.
func TestReplace(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	_, err := s.PutToken(ctx, issued(5), &Ciphertext{"k", []byte("five")})
	must(t, err)
	refreshed := func(old, next StoredToken, text string) error {
		return s.FinishTurn(ctx, old.Token, "lost", Refreshed{Next: &next, Sealed: Ciphertext{"k", []byte(text)}, Access: Ciphertext{"k", []byte("a")}})
	}
	must(t, refreshed(issued(5), issued(7), "seven"))
	must(t, refreshed(issued(5), issued(8), "late"))
	got, err := s.Secret(ctx, someToken)
	must(t, err)
	if string(got.Bytes) != "seven" || got.IssuedAt != 7 {
		t.Fatalf("%+v", got)
	}
}

func TestBindClient(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	_, err := s.PutToken(ctx, issued(5), nil)
	must(t, err)
	for _, want := range []int{1, 0} {
		if n, err := s.BindClient(ctx, "demo", "app", "uuid-1"); err != nil || n != want {
			t.Fatalf("bound %d, %v", n, err)
		}
	}
	_, err = s.PutToken(ctx, issued(6), nil) // without the UUID again: it is kept
	must(t, err)
	if ts, _ := s.ListTokens(ctx); ts[0].Token.Client != "uuid-1" {
		t.Fatalf("%+v", ts)
	}
}

func refusal(id string) events.Message {
	return events.Message{ID: id, Realm: "demo", At: 1_700_000_000_000, Source: events.Authapi, Body: &events.Order{
		Order: events.OrderRefresh, By: "authapi", User: "u", ClientID: "app", Session: "s", IssuedAt: 5, Refused: true, RetryAt: 1_700_000_060_000,
	}}
}

// Ensure an order acts at its commit, and that reading it from the log later changes nothing.
func TestOrderActsAtOnce(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	m := refusal("message-1")
	version, err := s.Order(ctx, m)
	must(t, err)
	f, at, err := s.Facts(ctx)
	must(t, err)
	if v := tokenstate.Judge(someToken, f, tokenstate.DefaultRules()); v.Reason != tokenstate.ReasonRefused || at != version || version == 0 {
		t.Fatalf("%+v at %d, %d", v, at, version)
	}
	rows, err := s.Outbox(ctx, 10)
	must(t, err)
	if len(rows) != 1 || rows[0].ID != "message-1" {
		t.Fatalf("%+v", rows)
	}
	again, err := events.Decode(rows[0].Raw)
	must(t, err)
	again, err = events.Arrived(again, events.Subject(m), m.At+5000)
	must(t, err)
	a, err := s.Apply(ctx, journal.Batch{To: journal.Floor{Seq: 1, Digest: "d"}, Facts: tokenstate.Learn(again)})
	must(t, err)
	if a.Changed != 0 {
		t.Fatalf("the relayed copy changed %d facts", a.Changed)
	}
	must(t, s.Relayed(ctx, []string{"message-1"}))
	if rows, err := s.Outbox(ctx, 10); err != nil || len(rows) != 0 {
		t.Fatalf("%+v %v", rows, err)
	}
}

func TestOrderRefusesOtherBodies(t *testing.T) {
	s := New(newPool(t))
	m := refusal("message-1")
	m.Body = &events.Pardon{Cause: "c", By: "b", Reason: "r"}
	if _, err := s.Order(t.Context(), m); !errors.Is(err, ErrNotAnOrder) {
		t.Fatalf("got %v", err)
	}
}

func TestEpochAndRules(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	want := tokenstate.Rules{Margin: 1, Skew: 2, CacheLag: 3, Sweep: 4, ClosedSweep: 5}
	must(t, s.SetRules(ctx, want))
	history, err := s.History(ctx)
	must(t, err)
	must(t, s.Confirm(ctx, history))
	if err := s.Confirm(ctx, "another"); !errors.Is(err, ErrOtherHistory) {
		t.Errorf("a history that is not the present one is confirmed: %v", err)
	}
	must(t, s.Restored(ctx))
	must(t, s.Restored(ctx)) // repeated before a Confirm: the same epoch
	st, err := s.Status(ctx)
	must(t, err)
	if st.Epoch != 2 || st.Confirmed || st.Rules != want {
		t.Fatalf("%+v", st)
	}
	if r, err := s.Rules(ctx); err != nil || r != want {
		t.Fatalf("%+v, %v", r, err)
	}
}
