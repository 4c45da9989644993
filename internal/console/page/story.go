package page

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/timeline"
)

// Step is a line of a story. One that changed something has Changes; others are folded into one line.
type Step struct {
	At       time.Time
	From, ID string
	What     string
	Changes  []timeline.Change
	Folded   int // how many messages that changed nothing this line stands for
}

// StepsOf tells a story newest first. What changed nothing is folded, so that the answer is on the
// first screen however often a user was looked at.
func StepsOf(s timeline.Story) (out []Step) {
	var run []timeline.Step
	flush := func() {
		if len(run) > 0 {
			last := run[0]
			out = append(out, Step{At: last.At, From: last.From, ID: last.ID, What: folded(last.What, len(run)), Folded: len(run)})
			run = nil
		}
	}
	for _, step := range slices.Backward(s.Steps) {
		if len(step.Changes) == 0 {
			run = append(run, step)
			continue
		}
		flush()
		out = append(out, Step{At: step.At, From: step.From, ID: step.ID, What: step.What, Changes: step.Changes})
	}
	flush()
	return out
}

func folded(last string, n int) string {
	if n == 1 {
		return last + "; it changed nothing"
	}
	return fmt.Sprintf("%d messages that changed nothing; the last: %s", n, last)
}
