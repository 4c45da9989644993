package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// history is a story that can be told again: every choice that chance made stands in it, so that leaving a step
// out changes nothing about the others.
type history struct {
	rules    tokenstate.Rules
	ahead    []millis // of each node's clock against the log's
	database millis   // of the database's clock against the log's
	resource bool     // the worker asks the listener's read-only resource where it can
	slim     bool     // the listener looks at the sessions only, after the death of one
	steps    []step
}

// step is one thing that happens.
type step struct {
	Wait                        millis // since the step before
	Act                         string
	User, Client, Session, Node int
	Commit                      millis // from the event's time to its commit
	Write                       millis // from the commit until the row of a new session is there
	Event, Look                 fate
	After, Read                 millis // from the moment when the look is due until it begins, and until it reads
	Seed                        uint64 // of what the worker does
}

// fate is what becomes of a message. An event is also found in the event store, Found after its commit.
type fate struct {
	Delay, Again, Found millis // 0: it does not come again; it is not read from the event store
	Lost                bool
}

// generate makes the history of a seed.
func generate(seed uint64, length int) history {
	r := rand.New(rand.NewPCG(seed, 20261128))
	h := history{resource: r.IntN(3) > 0, slim: r.IntN(2) == 0}
	h.rules, h.ahead = clocks(r)
	h.database = between(r, -500, 500)
	for i := range length {
		h.steps = append(h.steps, anyStep(r, len(h.ahead), i < 4))
		if i%12 == 11 {
			h.steps = append(h.steps, step{Act: "check", Seed: r.Uint64()})
		}
	}
	return h
}

// clocks draws the deployment: its nodes' clocks differ by no more than the skew, and all of them may differ from
// the log's.
func clocks(r *rand.Rand) (tokenstate.Rules, []millis) {
	rules := tokenstate.Rules{Margin: 10_000, CacheLag: 10_000, Sweep: 3600_000, ClosedSweep: 300_000}
	if r.IntN(3) == 0 {
		rules.Margin, rules.CacheLag = 2_000, 200
	}
	all := between(r, -300, 300)
	switch r.IntN(8) {
	case 0:
		all = between(r, 0, 5_000)
	case 1:
		all = between(r, -5_000, 0)
	case 2:
		all = between(r, -20_000, 20_000)
	}
	if r.IntN(3) == 0 {
		return rules, []millis{all}
	}
	rules.Margin, rules.Skew = 10_000, 5_000
	return rules, []millis{all, all + between(r, -rules.Skew, rules.Skew)}
}

func between(r *rand.Rand, least, most millis) millis {
	return least + millis(r.Int64N(int64(most-least)+1))
}

// acts says how often each is drawn.
var acts = []struct {
	name   string
	weight int
}{
	{"login", 10},
	{"sso", 10},
	{"refresh", 6},
	{"logout", 8},
	{"logout online", 3},
	{"revoke", 6},
	{"consent", 5},
	{"end", 5},
	{"reuse", 3},
	{"expire", 3},
	{"not-before", 4},
	{"disable", 12},
	{"role", 5},
	{"delete", 3},
	{"vanish", 1},
	{"realm disable", 2},
	{"realm not-before", 2},
	{"logout-all", 2},
	{"lifetime", 2},
	{"realm delete", 1},
	{"client disable", 3},
	{"client not-before", 2},
	{"rename", 2},
	{"client delete", 1},
	{"order", 2},
	{"pardon", 2},
	{"backend", 3},
	{"outcome", 5},
	{"ask", 2},
	{"log", 1},
	{"worker", 24},
}

func anyAct(r *rand.Rand) string {
	sum := 0
	for _, a := range acts {
		sum += a.weight
	}
	n := r.IntN(sum)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			return a.name
		}
	}
	panic("unreachable")
}

func anyStep(r *rand.Rand, nodes int, first bool) step {
	s := step{
		Wait: oftenShort(r, 300, 4_000, 20_000), Act: anyAct(r),
		User: r.IntN(userCount), Client: r.IntN(clientCount), Session: r.IntN(maxSessions), Node: r.IntN(nodes),
		Commit: oftenShort(r, 20, 500, 15_000), Write: between(r, 0, 400),
		Event: anyFate(r, 6), Look: anyFate(r, 8), After: oftenShort(r, 30, 1_000, 20_000), Read: between(r, 0, 50),
		Seed: r.Uint64(),
	}
	s.Look.Found = 0 // no look is read from the event store
	if s.Event.Lost || r.IntN(30) == 0 {
		s.Event.Found = between(r, 5_000, 40_000)
	}
	if first {
		s.Act = "login"
	}
	return s
}

func anyFate(r *rand.Rand, lost int) fate {
	f := fate{Delay: 1 + oftenShort(r, 20, 3_000, 90_000), Lost: r.IntN(100) < lost}
	if r.IntN(20) == 0 {
		f.Again = between(r, 1, 30_000)
	}
	return f
}

// oftenShort is a length of time that is short as a rule, and sometimes long.
func oftenShort(r *rand.Rand, short, middle, long millis) millis {
	switch n := r.IntN(20); {
	case n < 14:
		return between(r, 0, short)
	case n < 19:
		return between(r, 0, middle)
	}
	return between(r, 0, long)
}

// String is the history as Go source.
func (h history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "history{\n\trules: %s,\n", source(h.rules))
	fmt.Fprintf(&b, "\tahead: %s, database: %d, resource: %v, slim: %v,\n\tsteps: []step{\n", source(h.ahead), h.database, h.resource, h.slim)
	for _, s := range h.steps {
		fmt.Fprintf(&b, "\t\t%s,\n", s)
	}
	b.WriteString("\t},\n}")
	return b.String()
}

func source(v any) string {
	return strings.ReplaceAll(fmt.Sprintf("%#v", v), "events.Millis", "millis")
}

// String is the step as Go source, without what is zero.
func (s step) String() string {
	var parts []string
	add := func(name string, v any, zero bool) {
		if !zero {
			parts = append(parts, fmt.Sprintf("%s: %v", name, v))
		}
	}
	add("Wait", s.Wait, s.Wait == 0)
	add("Act", fmt.Sprintf("%q", s.Act), false)
	add("User", s.User, s.User == 0)
	add("Client", s.Client, s.Client == 0)
	add("Session", s.Session, s.Session == 0)
	add("Node", s.Node, s.Node == 0)
	add("Commit", s.Commit, s.Commit == 0)
	add("Write", s.Write, s.Write == 0)
	add("Event", s.Event, s.Event == fate{})
	add("Look", s.Look, s.Look == fate{})
	add("After", s.After, s.After == 0)
	add("Read", s.Read, s.Read == 0)
	add("Seed", s.Seed, s.Seed == 0)
	return "{" + strings.Join(parts, ", ") + "}"
}

// String is the fate as Go source, without what is zero.
func (f fate) String() string {
	var parts []string
	for _, p := range []struct {
		name string
		v    millis
	}{{"Delay", f.Delay}, {"Again", f.Again}, {"Found", f.Found}} {
		if p.v != 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", p.name, p.v))
		}
	}
	if f.Lost {
		parts = append(parts, "Lost: true")
	}
	return "fate{" + strings.Join(parts, ", ") + "}"
}
