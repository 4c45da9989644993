package notice_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const settle tokenstate.Millis = 30_000

// table is what a database has been told: it takes a notice only if that follows on the last one.
type table struct {
	told map[notice.Subject]notice.Told
	sent []notice.Notice
}

func (d *table) write(n notice.Notice) bool {
	if d.told[n.Subject] != n.Last {
		return false
	}
	d.told[n.Subject] = n.Tells()
	d.sent = append(d.sent, n)
	return true
}

// teller is a worker: what it remembers may be older than what the table has.
type teller struct {
	settling notice.Settling
	told     map[notice.Subject]notice.Told
}

func newTeller(d *table) *teller {
	return &teller{settling: notice.Settling{Wait: settle}, told: maps.Clone(d.told)}
}

func (w *teller) round(t *rapid.T, d *table, now tokenstate.Millis, b notice.Best, o tokenstate.Ownership) {
	var all []notice.Notice
	if n, ok := notice.Login(login, b, o, w.told[login]); ok {
		all = append(all, n)
	}
	if n, ok := notice.Ending(login, b, o, now.Second(), w.told[login]); ok {
		if len(all) > 0 {
			t.Fatalf("%s and %s of one login at once", all[0].Type, n.Type)
		}
		all = append(all, n)
	}
	if n, ok := notice.Owner(user, o, w.told[user]); ok {
		all = append(all, n)
	}
	for _, n := range w.settling.Round(now, all) {
		if !d.write(n) {
			w.told = maps.Clone(d.told) // another has told meanwhile
			return
		}
		w.told[n.Subject] = n.Tells()
	}
}

// Ensure of any history, told by two workers of which either may be frozen, forget or tell beside the other: each kind of
// notice takes turns with its opposite, no id comes twice, and when nothing has changed for long enough what was told last
// is what is so.
func TestEachChangeIsToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &table{told: map[notice.Subject]notice.Told{}}
		workers := []*teller{newTeller(d), newTeller(d)}
		now := tokenstate.Millis(1_000_000)
		b, o := best(tokenstate.Usable, ""), open
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += tokenstate.Millis(rapid.Int64Range(0, 40_000).Draw(t, "later"))
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				b, o = anything(t)
			case 1:
				workers[rapid.IntRange(0, 1).Draw(t, "again")] = newTeller(d)
			default:
				workers[rapid.IntRange(0, 1).Draw(t, "who")].round(t, d, now, b, o)
			}
		}
		b.Verdict.InDoubt, o.InDoubt = false, false
		for range 3 { // what one has told the other must learn first
			for _, w := range workers {
				w.round(t, d, now, b, o)
			}
			now += settle
		}
		if closed := d.told[user].Type == notice.UserClosed; closed == o.Active {
			t.Fatalf("told closed: %v, and the owner is %+v", closed, o)
		}
		weighed := o.Active && b.Verdict.Reason != tokenstate.ReasonClientDisabled // of all else nothing is said
		if needed := d.told[login].Type == notice.LoginNeeded; weighed && needed != (b.Verdict.State == tokenstate.Revoked) {
			t.Fatalf("told needed: %v, and the verdict is %+v", needed, b.Verdict)
		}
		last, ids := map[notice.Subject]notice.Type{}, map[string]bool{}
		for _, n := range d.sent {
			if last[n.Subject] == n.Type && n.Type != notice.LoginExpiring || last[n.Subject] == "" && (n.Type == notice.LoginRestored || n.Type == notice.UserOpened) {
				t.Fatalf("%s after %q", n.Type, last[n.Subject])
			}
			if ids[n.ID()] {
				t.Fatalf("two notices with the id %s", n.ID())
			}
			last[n.Subject], ids[n.ID()] = n.Type, true
		}
	})
}

func anything(t *rapid.T) (notice.Best, tokenstate.Ownership) {
	b := best(tokenstate.Usable, "")
	if reason := rapid.SampledFrom([]string{"", tokenstate.ReasonSessionEnded, tokenstate.ReasonExpired, tokenstate.ReasonClientDisabled}).Draw(t, "reason"); reason != "" {
		b = best(tokenstate.Revoked, reason)
	}
	if rapid.Bool().Draw(t, "ends") {
		b.Ends = tokenstate.Seconds(rapid.Int64Range(900, 900+3*int64(notice.Soon)).Draw(t, "end"))
	}
	b.Verdict.InDoubt = rapid.Bool().Draw(t, "doubt")
	b.Verdict.Cause = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "cause") // few, so that one comes back
	o := open
	if rapid.IntRange(0, 3).Draw(t, "shut") == 0 {
		o = shut
	}
	o.InDoubt = rapid.Bool().Draw(t, "owner")
	return b, o
}

// Ensure nothing is told that has not been so for long enough, however often it is asked about, and that a doubt delays
// it without beginning its time anew.
func TestSettling(t *testing.T) {
	dead, _ := notice.Login(login, best(tokenstate.Revoked, tokenstate.ReasonSessionEnded), open, notice.Told{})
	doubted := dead
	doubted.InDoubt = true
	s := notice.Settling{Wait: settle}
	for i, c := range []struct {
		at   tokenstate.Millis
		all  []notice.Notice
		ripe bool
	}{
		{0, []notice.Notice{dead}, false},
		{29_999, []notice.Notice{dead}, false},
		{30_000, nil, false}, // somebody has logged in
		{31_000, []notice.Notice{dead}, false},
		{50_000, []notice.Notice{doubted}, false},
		{61_000, []notice.Notice{doubted}, false},
		{61_001, []notice.Notice{dead}, true},
	} {
		if ripe := s.Round(c.at, c.all); len(ripe) > 0 != c.ripe {
			t.Errorf("%d: %v", i, ripe)
		}
	}
	back, _ := notice.Login(login, best(tokenstate.Usable, ""), open, dead.Tells())
	if len(s.Round(62_000, []notice.Notice{back})) > 0 || len(s.Round(91_999, []notice.Notice{back})) > 0 || len(s.Round(92_000, []notice.Notice{back})) != 1 {
		t.Error("what follows on a notice does not settle by itself")
	}
	late := dead
	late.NotBefore = 200_000
	s.Round(100_000, []notice.Notice{late})
	if len(s.Round(199_999, []notice.Notice{late})) > 0 || len(s.Round(200_000, []notice.Notice{late})) != 1 {
		t.Error("a refusal counts before its time, or not at it")
	}
}
