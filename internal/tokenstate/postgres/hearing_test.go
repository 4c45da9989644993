package postgres

import (
	"fmt"
	"testing"

	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure that what heartbeats leave open is kept over batches, whether two of them lie in one or not,
// that a batch which comes again changes nothing, and that a loss holds until every realm is read.
func TestHeartbeatsAreFolded(t *testing.T) {
	s := New(newPool(t))
	ctx := t.Context()
	beat := func(received tokenstate.Millis, instance string, dropped int) journal.Heartbeat {
		return journal.Heartbeat{Node: "kc-0", At: received, Received: received, Value: fmt.Appendf(nil, `{"queued":0,"dropped":%d,"instance":%q}`, dropped, instance)}
	}
	seq := uint64(0)
	apply := func(hs ...journal.Heartbeat) hearing.Beat {
		t.Helper()
		from, err := s.Floor(ctx)
		must(t, err)
		seq++
		_, err = s.Apply(ctx, journal.Batch{From: from, To: journal.Floor{Stream: "T", Seq: seq, Digest: fmt.Sprint(seq)}, Facts: tokenstate.NewFacts(), Heartbeats: hs})
		must(t, err)
		st, err := s.Status(ctx)
		must(t, err)
		return st.Heartbeats[0]
	}
	apply(beat(100_000, "a", 0))
	if b := apply(beat(115_000, "a", 2), beat(130_000, "a", 2)); b.Lost != (hearing.Span{From: 100_000, To: 115_000}) || b.Received != 130_000 {
		t.Fatalf("a rise within a batch: %+v", b)
	}
	if b := apply(beat(100_000, "a", 0), beat(115_000, "a", 2)); b.Lost != (hearing.Span{From: 100_000, To: 115_000}) || b.Received != 130_000 {
		t.Fatalf("the same again: %+v", b)
	}
	must(t, s.PutBackfill(ctx, Backfill{Realm: "demo", Known: 200_000}))
	must(t, s.PutBackfill(ctx, Backfill{Realm: "left", Known: 1}))
	if b := apply(beat(145_000, "b", 0)); b.Lost != (hearing.Span{From: 100_000, To: 145_000}) {
		t.Fatalf("a crash while a realm was not read: %+v", b)
	}
	must(t, s.KeepBackfills(ctx, []string{"demo"}))
	if b := apply(beat(160_000, "a", 2)); b.Lost != (hearing.Span{From: 145_000, To: 160_000}) || b.Clash != 160_000 || len(b.Earlier) != 1 {
		t.Fatalf("an earlier process spoke again: %+v", b)
	}
}
