package condition

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
)

var now = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

// sound is a tokenstate with which all is right.
func sound() Seen {
	at := events.Millis(now.UnixMilli())
	return Seen{
		Now: now, KnownUntil: now.Add(-2 * time.Second), Nodes: []hearing.Beat{{Node: "kc1", At: at, Received: at}},
		Log: &Log{Worker: "host-a", HeldUntil: now.Add(time.Second), Seq: 7},
	}
}

// Ensure each thing that is not as it should be is told in the sentence, and is as bad as it is for whoever relies on the answers.
func TestEachFaultIsTold(t *testing.T) {
	if c := Of(sound()); c.Mark.Level != Good || c.Sentence != "Keycloak is known up to 2 s ago, worker host-a is active, and nothing is parked." {
		t.Errorf("all is right: %+v", c)
	}
	for name, c := range map[string]struct {
		spoil func(*Seen)
		level Level
		says  string
	}{
		"not ready":              {func(s *Seen) { s.NotReady = "why" }, Bad, "answers may not be relied on"},
		"never heard":            {func(s *Seen) { s.KnownUntil = time.Time{} }, Bad, "knowledge of Keycloak there is none"},
		"a minute old":           {func(s *Seen) { s.KnownUntil = now.Add(-61 * time.Second) }, Warn, "knowledge is 61 s old"},
		"eleven minutes old":     {func(s *Seen) { s.KnownUntil = now.Add(-11 * time.Minute) }, Bad, "knowledge is 11 min old"},
		"the database is away":   {func(s *Seen) { s.Log = nil }, Bad, "database has not answered"},
		"it has gone away":       {func(s *Seen) { s.Stale = true }, Warn, "the database does not answer now"},
		"no worker ever":         {func(s *Seen) { s.Log.Worker = "" }, Bad, "worker was never there"},
		"a lease that is over":   {func(s *Seen) { s.Log.HeldUntil = now.Add(-time.Second) }, Bad, "host-a was the last active one"},
		"parked":                 {func(s *Seen) { s.Log.Parked = 2 }, Warn, "parked 2 messages"},
		"orders that are stuck":  {func(s *Seen) { s.Log.Waiting, s.Log.OldestWaiting = 3, 6*time.Minute }, Warn, "3, the oldest for 6 min"},
		"what no listener told":  {func(s *Seen) { s.Log.EventStoreGap = []string{"demo"} }, Warn, "had what no listener told: demo"},
		"no node":                {func(s *Seen) { s.Nodes = nil }, Bad, "none is heard"},
		"a node that is silent":  {func(s *Seen) { s.Nodes[0].Received -= 120_000 }, Warn, "1 not as they should be"},
		"a node that lost some":  {func(s *Seen) { s.Nodes[0].Lost.To = 1 }, Warn, "1 not as they should be"},
		"the only node has left": {func(s *Seen) { s.Nodes[0].Leaving = true }, Bad, "none is heard"},
	} {
		s := sound()
		c.spoil(&s)
		if got := Of(s); got.Mark.Level != c.level || !strings.Contains(got.Sentence, c.says) {
			t.Errorf("%s: %s %q, want %s with %q", name, got.Mark.Level, got.Sentence, c.level, c.says)
		}
	}
}

// Ensure a realm that somebody may not know is not named to them, and the log that others share stays as it is.
func TestOtherRealmsAreNotNamed(t *testing.T) {
	all := Log{EventStoreGap: []string{"demo", "elsewhere"}}
	own := all.Of(func(realm string) bool { return realm == "demo" })
	if strings.Join(own.EventStoreGap, ",") != "demo,another realm" || strings.Join(all.EventStoreGap, ",") != "demo,elsewhere" {
		t.Errorf("%v of %v", own, all)
	}
}

// Ensure many who ask within a second cost one question, and while nobody answers the last word stays, with its time.
func TestLatest(t *testing.T) {
	var l Latest[int]
	asked, fault := 0, error(nil)
	read := func(context.Context) (int, error) { asked++; return asked, fault }
	get := func(at time.Time) (*int, time.Time, error) { return l.Get(t.Context(), at, read) }
	for range 5 {
		if said, at, err := get(now); *said != 1 || !at.Equal(now) || err != nil {
			t.Errorf("%v %v %v", said, at, err)
		}
	}
	fault = errors.New("away")
	if said, at, err := get(now.Add(time.Second)); *said != 1 || !at.Equal(now) || !errors.Is(err, fault) {
		t.Errorf("away: %v %v %v", said, at, err)
	}
	if fault = nil; asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	if said, _, err := get(now.Add(2 * time.Second)); *said != 3 || err != nil {
		t.Errorf("back: %v %v", said, err)
	}
}
