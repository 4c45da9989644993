package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// drawFacts draws from few keys, times and causes, so that ranks collide.
func drawFacts(t *rapid.T) tokenstate.Facts {
	f := tokenstate.NewFacts()
	str := func(vs ...string) string { return rapid.SampledFrom(vs).Draw(t, "s") }
	num := func() int64 { return int64(rapid.IntRange(0, 4).Draw(t, "n")) }
	flag := func() bool { return rapid.Bool().Draw(t, "b") }
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		sc := tokenstate.Scope{Realm: "demo", User: str("", "u1", "u2"), Client: str("", "c"), Session: str("", "s")}
		at, node, cause := tokenstate.Millis(num()), str("", "n1", "é", "Z", "a|", "!"), str("", "e1", "E1", "é\"\\")
		row := []tokenstate.Row{
			tokenstate.StandingRow{
				Subject: tokenstate.Subject{Scope: sc, Authority: tokenstate.Keycloak}, Node: node,
				Value: tokenstate.Standing{At: at, Gone: flag(), Disabled: flag(), NoOffline: flag(), NotBefore: tokenstate.Seconds(num()), ClientID: str("", "app"), Cause: cause},
			},
			tokenstate.LookRow{Scope: sc, Node: node, Value: tokenstate.Look{At: at, Cause: cause}},
			tokenstate.SightingRow{
				ID: tokenstate.SightingKey{Seat: sc, Gone: flag()}, Node: node,
				Value: tokenstate.Sighting{At: at, Start: tokenstate.Seconds(num()), Second: tokenstate.Seconds(num()), Cause: cause},
			},
			tokenstate.RefusalRow{
				ID:    tokenstate.RefusalKey{Scope: sc, IssuedAt: tokenstate.Seconds(num())},
				Value: tokenstate.Refusal{At: at, Refused: flag(), RetryAt: tokenstate.Millis(num()), Reason: str("x", "y"), Cause: cause},
			},
			tokenstate.CutoffRow{
				Scope: sc, Cause: cause,
				Value: tokenstate.Cutoff{Before: tokenstate.Seconds(num()), At: at, Tokens: flag(), Keys: flag(), Reason: str("x", "y")},
			},
			tokenstate.PardonRow{Cause: cause, Value: tokenstate.Pardoned{At: at, By: str("a", "b"), Reason: str("x", "")}},
			tokenstate.DoubtRow{
				ID: tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: sc, Beneath: flag()}, Settled: flag()}, Node: node,
				Value: tokenstate.Raised{At: at, Event: cause},
			},
		}
		row[rapid.IntRange(0, len(row)-1).Draw(t, "kind")].AddTo(f)
	}
	return f
}

// force writes facts without a floor, as many writers at once would if there were no fence.
func force(ctx context.Context, s *Store, f tokenstate.Facts) error {
	_, err := Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		rows, err := joinFacts(ctx, tx, f)
		if err != nil {
			return nil, err
		}
		return namesOf(rows), nil
	})
	return err
}

func wipe(t *rapid.T, s *Store) {
	for _, table := range []string{"standing", "look", "sighting", "refusal", "cutoff", "pardon", "doubt"} {
		_, err := s.pool.Exec(context.Background(), "DELETE FROM tokenstate.fact_"+table)
		must(t, err)
	}
}

func TestTableEqualsJoin(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	rapid.Check(t, func(t *rapid.T) {
		wipe(t, s)
		head, err := q.Head(ctx, s.pool)
		must(t, err)
		want := tokenstate.NewFacts()
		var batches []tokenstate.Facts
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			f := drawFacts(t)
			want.Add(f)
			batches = append(batches, f, f)
		}
		rand.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		var wg sync.WaitGroup
		errs := make([]error, len(batches))
		for i, f := range batches {
			wg.Go(func() { errs[i] = force(ctx, s, f) })
		}
		wg.Wait()
		must(t, errors.Join(errs...))
		got, _, err := s.Facts(ctx)
		must(t, err)
		if dump(got) != dump(want) {
			t.Fatalf("table:\n%s\njoin:\n%s", dump(got), dump(want))
		}
		followFeed(t, s, head.Version, want)
	})
}

// followFeed sets what the feed names over nothing, as a reader does, and must end at the same facts.
func followFeed(t *rapid.T, s *Store, after int64, want tokenstate.Facts) {
	f := tokenstate.NewFacts()
	n := s.since(t, after)
	for _, c := range n.Changes {
		row, ok := c.Value.(tokenstate.Row)
		if !ok || row.Kind() != c.Kind || row.RowKey() != c.Key {
			t.Fatalf("%+v is no %s of key %s", c.Value, c.Kind, c.Key)
		}
		row.SetIn(f)
	}
	if dump(f) != dump(want) {
		t.Fatalf("feed:\n%s\njoin:\n%s", dump(f), dump(want))
	}
}

func someFacts(at tokenstate.Millis) tokenstate.Facts {
	return tokenstate.FactsOf([]tokenstate.Row{
		tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Value: tokenstate.Look{At: at, Cause: "c"}},
	})
}

func TestOneOfTwoAppliersWins(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	from, err := s.Floor(ctx)
	must(t, err)
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			to := journal.Floor{Stream: "TOKENSTATE", Created: from.Created, Seq: 1, Digest: fmt.Sprint("d", i)}
			_, errs[i] = s.Apply(ctx, journal.Batch{
				From: from, To: to, Facts: someFacts(tokenstate.Millis(i + 1)),
				Lines:      []journal.Line{{ID: fmt.Sprint("m", i), Seq: 1, Realm: "demo", Class: "event", Raw: []byte("{}")}},
				Parked:     []journal.Parked{{Seq: 1, Subject: "x", Reason: "y", Raw: []byte{0}}},
				Heartbeats: []journal.Heartbeat{{Node: "n", At: 1, Received: 1, Value: []byte(`{"queued":0}`)}},
			})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), journal.ErrNotActive) {
		t.Fatalf("want one winner and one ErrNotActive, got %v and %v", errs[0], errs[1])
	}
	var n int
	must(t, s.pool.QueryRow(ctx, "SELECT count(*) FROM tokenstate.journal").Scan(&n))
	if news := s.since(t, 0); n != 1 || news.Version != 1 || len(news.Changes) != 1 {
		t.Fatalf("journal %d, %+v: the loser wrote something", n, news)
	}
}

func TestReplayIsSilent(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	floor, err := s.Floor(ctx)
	must(t, err)
	for i := range 3 {
		to := floor
		to.Seq++
		a, err := s.Apply(ctx, journal.Batch{From: floor, To: to, Facts: someFacts(7)})
		must(t, err)
		if (a.Changed != 0) != (i == 0) || (a.Version != 0) != (i == 0) {
			t.Fatalf("round %d: %+v", i, a)
		}
		floor = to
	}
}

func TestMigrateTwice(t *testing.T) { must(t, Migrate(context.Background(), newPool(t))) }

func TestFeedFaults(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	for i := range 3 {
		must(t, force(ctx, s, someFacts(tokenstate.Millis(i+1))))
	}
	check := func(after int64, want error) {
		t.Helper()
		if n, err := s.News(ctx, after, Readings()); err != nil || !errors.Is(n.Gap, want) {
			t.Fatalf("after %d: got %v, want %v", after, err, want)
		}
	}
	check(9, ErrAhead)
	_, err := s.pool.Exec(ctx, "DELETE FROM tokenstate.feed WHERE version = 2")
	must(t, err)
	check(1, ErrGap)
	check(0, ErrGap)
	_, err = s.pool.Exec(ctx, "UPDATE tokenstate.feed_head SET version = 4") // the last is missing
	must(t, err)
	check(3, ErrGap)
	check(4, ErrGap)
	_, err = s.pool.Exec(ctx, "UPDATE tokenstate.feed_head SET version = 3")
	must(t, err)
	_, err = s.pool.Exec(ctx, "UPDATE tokenstate.feed_head SET pruned = 2")
	must(t, err)
	check(2, ErrPruned)
	check(3, nil)
	_, err = s.pool.Exec(ctx, "UPDATE tokenstate.feed_head SET version = version + $1", furthest+1)
	must(t, err)
	check(3, ErrFar)
}

// The roles hold what the design promises: the worker sees no ciphertext, authapi writes no
// fact, nobody truncates.
func TestRoles(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	for role, stmt := range map[string]string{
		"tokenstate_worker":   "SELECT * FROM tokenstate.offline_token_secret",
		"tokenstate_worker ":  "UPDATE tokenstate.offline_token SET verified = true",
		"tokenstate_authapi ": "UPDATE tokenstate.floor SET seq = 1",
		"tokenstate_read ":    "SELECT * FROM tokenstate.api_key",
		"tokenstate_authapi":  "INSERT INTO tokenstate.fact_pardon VALUES ('c', 1, 't', 'b', 'r')",
		"tokenstate_read":     "DELETE FROM tokenstate.feed",
		"tokenstate_migrate":  "TRUNCATE tokenstate.fact_look",
	} {
		tx, err := s.pool.Begin(ctx)
		must(t, err)
		_, err = tx.Exec(ctx, "SET LOCAL ROLE "+role)
		must(t, err)
		if _, err = tx.Exec(ctx, stmt); err == nil {
			t.Errorf("%s may: %s", role, stmt)
		}
		_ = tx.Rollback(ctx)
	}
}

func TestWorkerRoleMayApply(t *testing.T) {
	s, ctx := New(newPool(t)), context.Background()
	from, err := s.Floor(ctx)
	must(t, err)
	tx, err := s.pool.Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "SET LOCAL ROLE tokenstate_worker")
	must(t, err)
	_, err = apply(ctx, tx, journal.Batch{
		From: from, To: journal.Floor{Seq: 1}, Facts: someFacts(1),
		Lines:      []journal.Line{{ID: "m", Seq: 1, Realm: "demo", Class: "event", Raw: []byte("{}")}},
		Parked:     []journal.Parked{{Seq: 1, Raw: []byte{0}}},
		Heartbeats: []journal.Heartbeat{{Node: "n", At: 1, Received: 1, Value: []byte("{}")}},
	})
	must(t, err)
}

// Two databases of one cluster are migrated at once and race for the roles.
func TestMigrateAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := MigrateURL(t.Context(), testenv.Database(t, nil)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
