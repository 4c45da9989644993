package refusals

import (
	"strconv"
	"testing"
	"time"
)

var start = time.Unix(1_700_000_000, 0)

func everything(Refusal) bool { return true }

// Ensure the ring gives the newest first, forgets the oldest, and says since when it knows all.
func TestRing(t *testing.T) {
	var r Ring
	if found, since := r.Find(10, everything); len(found) != 0 || !since.IsZero() {
		t.Errorf("an empty ring: %v %v", found, since)
	}
	const all = kept + 3
	for i := range all {
		r.Add(Refusal{At: start.Add(time.Duration(i) * time.Second), Request: strconv.Itoa(i), User: "u" + strconv.Itoa(i%2)})
	}
	found, since := r.Find(2, func(x Refusal) bool { return x.User == "u0" })
	if len(found) != 2 || found[0].Request != strconv.Itoa(all-1) || found[1].Request != strconv.Itoa(all-3) {
		t.Errorf("found %v", found)
	}
	if want := start.Add(3 * time.Second); !since.Equal(want) {
		t.Errorf("all since %v, want %v", since, want)
	}
	if found, _ := r.Find(2*kept, everything); len(found) != kept || found[kept-1].Request != "3" {
		t.Errorf("%d are found", len(found))
	}
}

// Ensure a key that is refused again and again is said once a minute for each reason, with how often.
func TestSaidSeldom(t *testing.T) {
	var r Ring
	for i, c := range []struct {
		after       time.Duration
		key, reason string
		times       int
		say         bool
	}{
		{0, "k", "expired", 1, true},
		{time.Second, "k", "expired", 0, false},
		{2 * time.Second, "k", "revoked", 1, true},
		{3 * time.Second, "l", "expired", 1, true},
		{sayEvery - 1, "k", "expired", 0, false},
		{sayEvery, "k", "expired", 3, true},
		{sayEvery + 1, "k", "expired", 0, false},
	} {
		if times, say := r.Add(Refusal{At: start.Add(c.after), Key: c.key, Reason: c.reason}); times != c.times || say != c.say {
			t.Errorf("%d: %d %t", i, times, say)
		}
	}
}

// Ensure the names that are remembered have a bound, and make room once their minute is over.
func TestSaidIsBounded(t *testing.T) {
	var s seldom
	for i := range maxNames {
		if _, say := s.again(strconv.Itoa(i), start); !say {
			t.Fatalf("name %d is not said", i)
		}
	}
	if _, say := s.again("one more", start.Add(time.Second)); say || len(s.names) != maxNames {
		t.Errorf("beyond the bound: %t, %d names", say, len(s.names))
	}
	if _, say := s.again("one more", start.Add(sayEvery)); !say || len(s.names) != 1 {
		t.Errorf("a minute later: %t, %d names", say, len(s.names))
	}
}
