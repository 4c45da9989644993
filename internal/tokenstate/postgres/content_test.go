package postgres

import (
	"errors"
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure whatever bytes a message and its subject are made of can be parked, and are given back.
func TestParkingTakesAllBytes(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	at := Floor{}
	for i, subject := range []string{"tokenstate.v1.demo.event.\xff", "tokenstate.v1.demo.event.a\x00b", "tokenstate.v1.demo.event.\"\u202e", ""} {
		to := Floor{Stream: "T", Seq: uint64(i) + 1, Digest: subject[:min(3, len(subject))]}
		p := Parked{Seq: to.Seq, Received: 5, Subject: subject, Reason: "odd: " + subject, Raw: []byte(subject)}
		_, err := s.Apply(ctx, Batch{From: at, To: to, Facts: tokenstate.NewFacts(), Parked: []Parked{p}})
		must(t, err)
		at = to
		all, err := s.Parked(ctx)
		must(t, err)
		if got := all[i]; got.AsArrived() != subject || string(got.Raw) != subject {
			t.Errorf("%q was given back as %q", subject, got.AsArrived())
		}
	}
}

// Ensure a value that Postgres cannot hold is told from a fault that passes.
func TestAValueThatPostgresRefuses(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	odd := Entry{ID: "message-1", Seq: 1, Realm: "demo\x00", Class: "event", Raw: []byte("{}")}
	b := Batch{To: Floor{Stream: "T", Seq: 1, Digest: "x"}, Facts: tokenstate.NewFacts(), Journal: []Entry{odd}}
	if _, err := s.Apply(ctx, b); !errors.Is(err, ErrContent) {
		t.Errorf("a NUL: %v", err)
	}
	b.Journal, b.From = nil, Floor{Seq: 7}
	if _, err := s.Apply(ctx, b); errors.Is(err, ErrContent) || !errors.Is(err, ErrNotActive) {
		t.Errorf("a moved floor: %v", err)
	}
}
