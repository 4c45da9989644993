package sim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// shrink leaves out of a history what it takes not to have the failure go away.
func shrink(h history, of result) history {
	fails := func(steps []step) bool {
		try := h
		try.steps = steps
		return play(try).like(of)
	}
	for size := max(1, len(h.steps)/2); size > 0; size /= 2 {
		for i := 0; i+size <= len(h.steps); {
			less := append(append([]step{}, h.steps[:i]...), h.steps[i+size:]...)
			if fails(less) {
				h.steps = less
			} else {
				i++
			}
		}
	}
	for i := range h.steps {
		for _, easier := range easierSteps {
			try := append([]step{}, h.steps...)
			easier(&try[i])
			if try[i] != h.steps[i] && fails(try) {
				h.steps = try
			}
		}
	}
	return h
}

// easierSteps make a step plainer.
var easierSteps = []func(*step){
	func(s *step) { s.Event = fate{Delay: 1} },
	func(s *step) { s.Event.Again = 0 },
	func(s *step) { s.Event.Found = 0 },
	func(s *step) { s.Look = fate{Delay: 1} },
	func(s *step) { s.Look.Again = 0 },
	func(s *step) { s.Commit = 0 },
	func(s *step) { s.Write = 0 },
	func(s *step) { s.After = 0 },
	func(s *step) { s.Read = 0 },
	func(s *step) { s.Node = 0 },
	func(s *step) { s.Wait = 0 },
}

// like reports whether r failed in one of the ways in which o did.
func (r result) like(o result) bool {
	return len(r.falseRevoked) > 0 && len(o.falseRevoked) > 0 || len(r.falseUsable) > 0 && len(o.falseUsable) > 0 ||
		r.stuck && o.stuck || r.diverged && o.diverged
}

// how says in which ways r failed.
func (r result) how() string {
	var ways []string
	for _, w := range []struct {
		name string
		so   bool
	}{
		{"false revoked", len(r.falseRevoked) > 0},
		{"false usable", len(r.falseUsable) > 0},
		{"due for ever", r.stuck},
		{"a law is broken", len(r.broken) > 0},
		{"diverged", r.diverged},
	} {
		if w.so {
			ways = append(ways, w.name)
		}
	}
	return strings.Join(ways, ", ")
}

func (r result) text() string {
	var b strings.Builder
	for _, s := range r.falseRevoked {
		fmt.Fprintln(&b, "false_revoked", s)
	}
	for _, s := range r.falseUsable {
		fmt.Fprintln(&b, "false_usable", s)
	}
	for _, s := range r.broken {
		fmt.Fprintln(&b, s)
	}
	fmt.Fprintf(&b, "stuck=%v diverged=%v\n", r.stuck, r.diverged)
	for _, m := range r.log {
		body, _ := json.Marshal(m.Body)
		fmt.Fprintf(&b, "%7d of %-7d %s %s %s\n", m.Received-epoch, m.At-epoch, m.Node, m.ID, body)
	}
	return b.String()
}

// asTest is a history as a test to paste.
func asTest(seed uint64, h history) string {
	return fmt.Sprintf("// Found as seed %d.\nfunc TestSeed%d(t *testing.T) {\n\tholds(t, %s)\n}\n", seed, seed, strings.ReplaceAll(h.String(), "\n", "\n\t"))
}
