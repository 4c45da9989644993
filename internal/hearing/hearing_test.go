package hearing_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
)

// say is a heartbeat of one node at a time of the log: instance, what it dropped and what waits.
func say(at events.Millis, instance string, dropped int64) hearing.Beat {
	return hearing.Beat{Node: "kc-0", At: at, Received: at, Instance: instance, Dropped: dropped}
}

func leave(b hearing.Beat, queued int) hearing.Beat {
	b.Leaving, b.Queued = true, queued
	return b
}

func fold(read events.Millis, beats ...hearing.Beat) (b hearing.Beat) {
	for _, n := range beats {
		b = b.Next(n, read)
	}
	return b
}

func TestLosses(t *testing.T) {
	waiting := say(100, "a", 0)
	waiting.Queued, waiting.Oldest = 2, 70
	for name, c := range map[string]struct {
		beats []hearing.Beat
		want  hearing.Span
	}{
		"nothing dropped":                 {[]hearing.Beat{say(100, "a", 0), say(115, "a", 0)}, hearing.Span{}},
		"dropped before, and not since":   {[]hearing.Beat{say(100, "", 3), say(115, "a", 0), say(130, "a", 0)}, hearing.Span{}},
		"a rise of dropped":               {[]hearing.Beat{say(100, "a", 0), say(115, "a", 0), say(130, "a", 2)}, hearing.Span{From: 115, To: 130}},
		"from what it had delivered":      {[]hearing.Beat{waiting, say(115, "a", 1)}, hearing.Span{From: 70, To: 115}},
		"two rises":                       {[]hearing.Beat{say(100, "a", 0), say(115, "a", 1), say(130, "a", 1), say(145, "a", 2)}, hearing.Span{From: 100, To: 145}},
		"a crash":                         {[]hearing.Beat{say(100, "a", 0), say(160, "b", 0)}, hearing.Span{From: 100, To: 160}},
		"a good end":                      {[]hearing.Beat{leave(say(100, "a", 0), 0), say(160, "b", 0)}, hearing.Span{}},
		"an end with a rest":              {[]hearing.Beat{leave(say(100, "a", 0), 4), say(160, "b", 0)}, hearing.Span{From: 100, To: 160}},
		"dropped before its first beat":   {[]hearing.Beat{leave(say(100, "a", 0), 0), say(160, "b", 1)}, hearing.Span{From: 100, To: 160}},
		"the first that was heard, lossy": {[]hearing.Beat{say(160, "b", 1)}, hearing.Span{From: 0, To: 160}},
		"an older jar tells of no loss":   {[]hearing.Beat{say(100, "", 0), say(115, "", 7), say(130, "", 0)}, hearing.Span{}},
		"a new jar after an older one":    {[]hearing.Beat{say(100, "", 0), say(130, "a", 0)}, hearing.Span{}},
		"an older jar after a new one":    {[]hearing.Beat{say(100, "a", 0), say(130, "", 0)}, hearing.Span{}},
		"one that comes again":            {[]hearing.Beat{say(100, "a", 0), say(130, "a", 0), say(100, "a", 0), say(130, "b", 9)}, hearing.Span{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fold(0, c.beats...).Lost; got != c.want {
				t.Errorf("lost %+v, want %+v", got, c.want)
			}
		})
	}
	after := fold(0, say(100, "a", 0), say(115, "a", 1)).Next(say(200, "a", 2), 150)
	if want := (hearing.Span{From: 115, To: 200}); after.Lost != want {
		t.Errorf("a loss that was read is over, so the next begins anew: %+v, want %+v", after.Lost, want)
	}
}

// Ensure two processes under one name are told from restarts: a process that ended never speaks again.
func TestClash(t *testing.T) {
	for name, c := range map[string]struct {
		instances string
		want      events.Millis
	}{
		"one":              {"aaa", 0},
		"restarts":         {"abcdef", 0},
		"two in turn":      {"aba", 3},
		"it goes on":       {"ababb", 4},
		"three in turn":    {"abcabc", 6},
		"an older jar too": {"a-a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var beats []hearing.Beat
			for i, instance := range c.instances {
				id := string(instance)
				if id == "-" {
					id = ""
				}
				beats = append(beats, say(events.Millis(i+1), id, 0))
			}
			b := fold(0, beats...)
			if b.Clash != c.want || len(b.Earlier) > 4 {
				t.Errorf("clash at %d, want %d; earlier %v", b.Clash, c.want, b.Earlier)
			}
		})
	}
}

func TestUntil(t *testing.T) {
	const now events.Millis = 10_000_000
	lossy := hearing.Beat{Node: "a", Received: now, Lost: hearing.Span{From: now - 60_000, To: now - 30_000}}
	gone := hearing.Beat{Node: "b", Received: now - hearing.ForgetAfter - 1, Leaving: true, Lost: lossy.Lost}
	other := hearing.Beat{Node: "c", Received: now}
	for name, c := range map[string]struct {
		beats []hearing.Beat
		known events.Millis
		want  events.Millis
	}{
		"held at the last clean beat":                {[]hearing.Beat{lossy, other}, 0, now - 60_000},
		"still while the store is read up to within": {[]hearing.Beat{lossy, other}, now - 40_000, now - 45_000},
		"and while clocks may differ":                {[]hearing.Beat{lossy, other}, now - 26_000, now - 31_000},
		"over when a reading has passed it":          {[]hearing.Beat{lossy, other}, now - 25_000, now},
		"silence does not make up for it":            {[]hearing.Beat{gone, other}, 0, now - 60_000},
		"nobody has ever spoken":                     {nil, 0, 0},
		"only the store is read":                     {nil, now - 20_000, now - 25_000},
	} {
		t.Run(name, func(t *testing.T) {
			readings := []hearing.Reading{{Realm: "r", Known: c.known}, {Realm: "s", Known: now}}
			if c.known == 0 {
				readings = readings[:1]
			}
			if got := hearing.Until(c.beats, readings, 5000); got != c.want {
				t.Errorf("known until %d, want %d", got-now, c.want-now)
			}
		})
	}
}

// Ensure that nothing which may be lost is ever claimed to be known: whatever nodes do, knowledge does
// not reach into a time of which messages were lost before the event stores were read beyond it.
func TestNothingLostIsClaimed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type loss struct{ from, to events.Millis } // of what really went
		var losses []loss
		var state hearing.Beat
		at, read, dropped, process := events.Millis(1000), events.Millis(0), int64(0), 0
		clean := at // up to when all was delivered
		state = state.Next(say(at, "p0", 0), read)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			at += events.Millis(rapid.IntRange(1, 20_000).Draw(t, "pause"))
			switch rapid.SampledFrom([]string{"beat", "drop", "crash", "end", "read"}).Draw(t, "what") {
			case "beat":
				state, clean = state.Next(say(at, fmt.Sprintf("p%d", process), dropped), read), at
			case "drop":
				dropped++
				losses = append(losses, loss{clean, at})
				state, clean = state.Next(say(at, fmt.Sprintf("p%d", process), dropped), read), at
			case "crash":
				if state.Leaving { // of a process that never spoke nobody knows
					continue
				}
				process, dropped = process+1, 0
				losses = append(losses, loss{clean, at})
				state, clean = state.Next(say(at, fmt.Sprintf("p%d", process), 0), read), at
			case "end":
				state = state.Next(leave(say(at, fmt.Sprintf("p%d", process), dropped), 0), read)
				process, dropped, clean = process+1, 0, at
			case "read":
				read = max(read, at-events.Millis(rapid.IntRange(0, 90_000).Draw(t, "behind")))
			}
			until := hearing.Until([]hearing.Beat{state}, []hearing.Reading{{Known: read}}, 0)
			for _, l := range losses {
				if until > max(l.from, read) && read < l.to {
					t.Fatalf("known until %d, but what came from %d to %d was lost, and the store is read up to %d", until, l.from, l.to, read)
				}
			}
			if len(losses) == 0 && until < min(state.Received, at) && !state.Leaving {
				t.Fatalf("known until %d although nothing was lost up to %d", until, state.Received)
			}
		}
	})
}
