package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure that whatever is lost of the facts comes back the same, byte for byte: from the log,
// from the journal without a log, and from a file into an empty database, twice.
func TestReplayBringsBackTheSameBytes(t *testing.T) {
	w := newWorld(t)
	w.History(0, 200)
	// A second copy of a message, under another id of JetStream's: it arrived later and must not count.
	late := w.Message(6)
	raw, err := events.Encode(late)
	must(t, err)
	w.Applied(w.Say(events.Subject(late), "another-id", raw))
	want := w.Dump()
	if strings.Count(want, "\n") < 50 {
		t.Fatalf("too few facts to prove anything:\n%s", want)
	}
	same := func(how string) {
		t.Helper()
		if got := w.Dump(); got != want {
			t.Fatalf("%s: %d bytes of facts, not %d", how, len(got), len(want))
		}
		w.must("verify")
	}
	same("before")
	for _, from := range []string{"beginning", "seq=1", "time=2020-01-01T00:00:00Z", "journal"} {
		w.DropFacts()
		if _, err := w.run("verify"); !errors.Is(err, ops.ErrDifferences) {
			t.Fatalf("verify does not see that the facts are gone: %v", err)
		}
		w.must("replay", "--from", from)
		same(from)
		w.must("replay", "--from", from) // once more changes nothing
		same(from + " twice")
	}
	file := filepath.Join(t.TempDir(), "journal.zst")
	w.must("journal", "export", file)
	w.Stop()
	must(t, w.NATS.DeleteStream())
	w.DropFacts()
	w.must("replay", "--from", "journal")
	same("the journal, without the log")
	w.UseDatabase(testenv.Database(t, postgres.MigrateURL))
	for range 2 {
		w.must("journal", "import", file)
		same("a file, into an empty database")
	}
	w.must("replay", "--from", "file="+file)
	same("the same file as a replay")
}

// Ensure a replay beside the live worker loses nothing of what is said meanwhile.
func TestReplayWhileMessagesCome(t *testing.T) {
	w := newWorld(t)
	w.History(0, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 3 {
			if _, err := w.run("replay", "--from", "beginning"); err != nil {
				t.Errorf("replay %d: %v", i, err)
			}
		}
	}()
	w.History(100, 300)
	<-done
	w.must("verify")
	live := w.Dump()
	w.DropFacts()
	w.must("replay", "--from", "beginning")
	if w.Dump() != live {
		t.Fatal("what was learnt beside a replay is not what the log teaches")
	}
}

// Ensure verify finds what is missing, extra and different, and repair mends it.
func TestVerifyFindsAndRepairs(t *testing.T) {
	for name, harm := range map[string]string{
		"a missing fact":       `DELETE FROM tokenstate.fact_cutoff WHERE ctid = (SELECT min(ctid) FROM tokenstate.fact_cutoff)`,
		"an extra fact":        `INSERT INTO tokenstate.fact_pardon VALUES ('somebody', 1, 'x|y', 'x', 'y')`,
		"a changed fact":       `UPDATE tokenstate.fact_look SET at_ms = at_ms + 1 WHERE ctid = (SELECT min(ctid) FROM tokenstate.fact_look)`,
		"a hole in the feed":   `DELETE FROM tokenstate.feed WHERE version = 2`,
		"the feed beyond head": `INSERT INTO tokenstate.feed (version, nonce, names) VALUES (1000000, 'x', 'x')`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for n := 0; n < 40; n += 10 { // several versions
				w.History(n, n+10)
			}
			want := w.Dump()
			tag, err := w.Pool.Exec(t.Context(), harm)
			must(t, err)
			if tag.RowsAffected() == 0 {
				t.Fatal("no harm was done")
			}
			out, err := w.run("verify")
			if !errors.Is(err, ops.ErrDifferences) {
				t.Fatalf("not found: %v\n%s", err, out)
			}
			w.noted(false, "compared: ")
			w.must("verify", "--repair", "--by", "test")
			w.noted(true, "the facts are repaired")
			w.must("verify")
			w.noted(true, "and they agree")
			if w.Dump() != want {
				t.Fatal("the repaired facts are not the ones before")
			}
			w.History(40, 50) // the worker goes on
			w.must("verify")
		})
	}
}

// noted checks what the database says of the last verify.
func (w *world) noted(sound bool, found string) {
	w.T.Helper()
	v, err := w.Store.LastVerify(w.T.Context())
	if err != nil || v.Sound != sound || !strings.Contains(v.Found, found) || v.At.IsZero() || v.By == "" {
		w.T.Errorf("noted is %+v, %v", v, err)
	}
}

// Ensure a dry run says what a replay would change, and changes nothing.
func TestADryRunOnlyTells(t *testing.T) {
	w := newWorld(t)
	w.History(0, 64)
	for n := range 7 {
		_, err := w.Store.PutToken(t.Context(), postgres.StoredToken{Token: workertest.Token(n), Custody: "tracked"}, nil)
		must(t, err)
	}
	if out := w.must("replay", "--from", "journal", "--dry-run"); !strings.Contains(out, "no verdict would change") {
		t.Fatalf("nothing is to change: %s", out)
	}
	w.DropFacts()
	out, err := w.run("replay", "--from", "beginning", "--dry-run", "-o", "json")
	if !errors.Is(err, ops.ErrDifferences) || !strings.Contains(out, "usable") {
		t.Fatalf("%v\n%s", err, out)
	}
	if w.Dump() != "" {
		t.Fatal("a dry run wrote facts")
	}
}

// Ensure the journal goes only when it was exported, and verify then says what it cannot know.
func TestPruningKeepsWhatWasNotExported(t *testing.T) {
	w := newWorld(t)
	w.History(0, 20)
	w.must("journal", "prune", "--older-than", "0s")
	if n, err := w.Store.JournalLines(t.Context()); err != nil || n < 20 {
		t.Fatalf("%d lines are left of an unexported journal, %v", n, err)
	}
	file := filepath.Join(t.TempDir(), "journal.zst")
	w.must("journal", "export", file)
	w.History(20, 30)
	want := w.Dump()
	w.must("journal", "prune", "--older-than", "0s")
	n, err := w.Store.JournalLines(t.Context())
	if must(t, err); n < 10 || n >= 20 {
		t.Fatalf("%d lines are left, not the 10 which came later", n)
	}
	var r recovery.Report
	w.json(&r, "verify")
	if !r.Pruned || w.Dump() != want {
		t.Fatalf("%+v", r)
	}
	w.must("replay", "--from", "file="+file) // and back again
	if n, err = w.Store.JournalLines(t.Context()); err != nil || n < 30 || w.Dump() != want {
		t.Fatalf("%d lines, %v", n, err)
	}
}

// Ensure the obvious weekly job, export to one name and prune, destroys nothing.
func TestAnExportReplacesNoFile(t *testing.T) {
	w := newWorld(t)
	w.History(0, 20)
	other := testenv.Database(t, postgres.MigrateURL)
	t.Chdir(t.TempDir())
	w.must("journal", "export", "journal.zst")
	first, err := os.ReadFile("journal.zst")
	must(t, err)
	w.must("journal", "prune", "--older-than", "0s")
	w.History(20, 30)
	if _, err := w.run("journal", "export", "journal.zst"); !errors.Is(err, ops.ErrUsage) {
		t.Fatalf("the file was replaced: %v", err)
	}
	if again, err := os.ReadFile("journal.zst"); err != nil || string(again) != string(first) {
		t.Fatalf("the file is another one, %v", err)
	}
	var next struct {
		File            string
		Lines, From, To int64
	}
	w.json(&next, "journal", "export", "--since-last")
	if next.Lines < 10 || next.Lines > 12 || next.File != fmt.Sprintf("journal-%d-%d.jsonl.zst", next.From, next.To) {
		t.Fatalf("%+v", next)
	}
	newest := next.File
	w.json(&next, "journal", "export", "--since-last")
	if next.Lines != 0 || next.File != "" {
		t.Fatalf("nothing is new: %+v", next)
	}
	if out := w.must("journal", "prune", "--older-than", "0s"); !strings.Contains(out, ".jsonl.zst") {
		t.Errorf("the prune does not name the file that it relies on: %s", out)
	}
	want := w.Dump()
	w.UseDatabase(other)
	w.must("journal", "import", "journal.zst")
	w.must("journal", "import", newest)
	if w.Dump() != want {
		t.Error("the two files teach something else than the journal did")
	}
}

// Ensure a line whose number was drawn before an export, and which is committed after it, is in the
// next file and not pruned before.
func TestAnExportWaitsForLinesThatAreBeingWritten(t *testing.T) {
	w := newWorld(t)
	w.History(0, 5)
	w.Stop()
	ctx := t.Context()
	late, err := w.Pool.Begin(ctx)
	must(t, err)
	defer func() { _ = late.Rollback(ctx) }()
	const line = "INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw) SELECT $1, 99, 1, 'demo', class, raw FROM tokenstate.journal LIMIT 1"
	_, err = late.Exec(ctx, line, "drawn-before")
	must(t, err)
	_, err = w.Pool.Exec(ctx, line, "drawn-after")
	must(t, err)
	got := make(chan int64, 1)
	go func() {
		_, last, err := w.Store.JournalRange(ctx, 0)
		if err != nil {
			t.Error(err)
		}
		got <- last
	}()
	w.blocked("LOCK TABLE tokenstate.journal")
	must(t, late.Commit(ctx))
	all, err := w.Store.JournalLines(ctx)
	must(t, err)
	if es, _, err := w.Store.JournalLinesTo(ctx, 0, <-got, 1000); err != nil || int64(len(es)) != all {
		t.Errorf("%d of %d lines would be exported, %v", len(es), all, err)
	}
}

// blocked waits until a statement waits for a lock.
func (w *world) blocked(statement string) {
	w.T.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(workertest.Limit); ; {
		var n int
		must(w.T, w.Pool.QueryRow(w.T.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'", statement).Scan(&n))
		if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.T.Fatalf("nobody waits for %s", statement)
		}
	}
}

// Ensure a prune leaves the message that a living verdict names, and that the story says it was pruned.
func TestAPruneKeepsCauses(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"))
	w.History(0, 20)
	var order given
	w.json(&order, "revoke", "--realm", "demo", "--user", "a", "--reason", "stolen")
	deleted := events.Message{
		ID: "event-of-b/l", Realm: "demo", At: events.Millis(time.Now().UnixMilli()), Node: "n1", Source: events.Listener,
		Body: &events.Happened{Event: "event-of-b", Kind: "admin", Type: "DELETE USER", Path: "users/b", User: "b"},
	}
	raw, err := events.Encode(deleted)
	must(t, err)
	w.Applied(w.Say(events.Subject(deleted), deleted.ID, raw))
	t.Chdir(t.TempDir())
	w.must("journal", "export")
	w.must("journal", "prune", "--older-than", "0s")
	if has, err := w.Store.JournalHas(t.Context(), []string{deleted.ID}); err != nil || len(has) != 1 {
		t.Errorf("the event that deleted a user was pruned: %v", err)
	}
	if has, err := w.Store.JournalHas(t.Context(), []string{order.ID}); err != nil || len(has) != 1 {
		t.Errorf("the cause of a living verdict was pruned: %v", err)
	}
	if out := w.must("explain", "a", "--realm", "demo"); !strings.Contains(out, "pruned") || !strings.Contains(out, order.ID) {
		t.Error(out)
	}
}

// Ensure a broken file is refused before anything is learnt from it.
func TestABrokenFileTeachesNothing(t *testing.T) {
	w := newWorld(t)
	w.History(0, 30)
	dir := t.TempDir()
	file := filepath.Join(dir, "journal.zst")
	w.must("journal", "export", file)
	whole, err := os.ReadFile(file)
	must(t, err)
	w.UseDatabase(testenv.Database(t, postgres.MigrateURL))
	for i, bytes := range [][]byte{nil, whole[:len(whole)/2], whole[:len(whole)-1], append([]byte("x"), whole...), []byte("no zstd at all")} {
		broken := filepath.Join(dir, fmt.Sprintf("broken-%d", i))
		must(t, os.WriteFile(broken, bytes, 0o600))
		if _, err := w.run("journal", "import", broken); !errors.Is(err, recovery.ErrFile) {
			t.Errorf("file %d: %v", i, err)
		}
	}
	if n, err := w.Store.JournalLines(t.Context()); err != nil || n != 0 || w.Dump() != "" {
		t.Fatalf("%d lines were learnt, %v", n, err)
	}
}

// Ensure an order of authapi teaches the same at its commit and when it comes back through the
// log, even if the log's clock is behind the database's; and that verify knows of it in between.
func TestAnOrderOnItsWayToTheLog(t *testing.T) {
	w := newWorld(t)
	w.History(0, 8)
	ahead := events.Millis(time.Now().Add(30 * time.Second).UnixMilli())
	m := events.Message{
		ID: "order-from-authapi", Realm: "demo", At: ahead, Source: events.Authapi,
		Body: &events.Order{Order: events.OrderStanding, By: "backend", User: "user-1", CredentialsRevokedBefore: ahead.Second()},
	}
	_, err := w.Store.Order(t.Context(), m)
	must(t, err)
	acted := w.Dump()
	w.must("verify")
	raw, err := events.Encode(m)
	must(t, err)
	w.Applied(w.Say(events.Subject(m), m.ID, raw))
	if w.Dump() != acted {
		t.Fatal("the order taught something else when it came back")
	}
	w.must("verify")
	w.DropFacts()
	w.must("replay", "--from", "journal")
	if w.Dump() != acted {
		t.Fatal("the order taught something else when it was replayed")
	}
}
