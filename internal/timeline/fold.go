package timeline

import (
	"fmt"
	"slices"
	"strings"
)

const inDoubt = ", in doubt"

// real says that the verdict became another one. A doubt comes with every event and goes with the next look.
func (c Change) real() bool {
	return strings.TrimSuffix(c.Before, inDoubt) != strings.TrimSuffix(c.After, inDoubt)
}

// shown says that a step belongs to the short story: it changed a verdict, or somebody did something.
func (s Step) shown() bool { return s.deed || slices.ContainsFunc(s.Changes, Change.real) }

// Fold leaves the steps that changed something, oldest first as they came; the looks between two of them are one step
// that counts them. rest is how many other messages are left out.
func Fold(steps []Step) (short []Step, rest int) {
	short = []Step{}
	var looks []Step
	flush := func() {
		if len(looks) > 0 {
			short = append(short, folded(looks))
		}
		looks = nil
	}
	for _, s := range steps {
		switch {
		case s.shown():
			flush()
			s.Changes = slices.DeleteFunc(slices.Clone(s.Changes), func(c Change) bool { return !c.real() })
			short = append(short, s)
		case s.look:
			looks = append(looks, s)
		default:
			rest++
		}
	}
	flush()
	return short, rest
}

// folded is the last of some looks, which says how many there were.
func folded(looks []Step) Step {
	last := looks[len(looks)-1]
	last.Changes, last.Times = []Change{}, len(looks) // a list is never null
	if len(looks) == 1 {
		last.What += ", no change"
	} else {
		last.What = fmt.Sprintf("%d looks since %s, no change; the last: %s", len(looks), looks[0].Received.UTC().Format("Jan 2 15:04"),
			last.What)
	}
	return last
}

// Newest gives steps newest first.
func Newest(steps []Step) []Step {
	out := slices.Clone(steps)
	slices.Reverse(out)
	return out
}
