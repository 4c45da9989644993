package postgres

import (
	"errors"
	"testing"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure whatever bytes a message and its subject are made of can be parked, and are given back.
func TestParkingTakesAllBytes(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	at := journal.Floor{}
	for i, subject := range []string{"tokenstate.v1.demo.event.\xff", "tokenstate.v1.demo.event.a\x00b", "tokenstate.v1.demo.event.\"\u202e", ""} {
		to := journal.Floor{Stream: "T", Seq: uint64(i) + 1, Digest: subject[:min(3, len(subject))]}
		p := journal.Parked{Seq: to.Seq, Received: 5, Subject: subject, Reason: "odd: " + subject, Raw: []byte(subject)}
		_, err := s.Apply(ctx, journal.Batch{From: at, To: to, Facts: tokenstate.NewFacts(), Parked: []journal.Parked{p}})
		must(t, err)
		at = to
		all, err := s.Parked(ctx)
		must(t, err)
		if got := all[i]; AsArrived(got.Parked) != subject || string(got.Raw) != subject {
			t.Errorf("%q was given back as %q", subject, AsArrived(got.Parked))
		}
	}
}

// Ensure a value that Postgres cannot hold is told from a fault that passes.
func TestAValueThatPostgresRefuses(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	odd := journal.Line{ID: "message-1", Seq: 1, Realm: "demo\x00", Class: "event", Raw: []byte("{}")}
	b := journal.Batch{To: journal.Floor{Stream: "T", Seq: 1, Digest: "x"}, Facts: tokenstate.NewFacts(), Lines: []journal.Line{odd}}
	if _, err := s.Apply(ctx, b); !errors.Is(err, journal.ErrContent) {
		t.Errorf("a NUL: %v", err)
	}
	b.Lines, b.From = nil, journal.Floor{Seq: 7}
	if _, err := s.Apply(ctx, b); errors.Is(err, journal.ErrContent) || !errors.Is(err, journal.ErrNotActive) {
		t.Errorf("a moved floor: %v", err)
	}
}
