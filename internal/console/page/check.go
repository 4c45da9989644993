package page

import "time"

// Names of checks, as the commands of revocation-worker are called.
const (
	CheckVerify = "verify"
	CheckReplay = "replay"
)

// Outcome is what a check has found.
type Outcome struct {
	Sound bool
	Found string   // in a line
	Lines []string // each thing that is not as it should be
}

// Check is one that somebody has begun here.
type Check struct {
	Name, By     string
	Begun, Ended time.Time // Ended is zero while it runs
	Done, Of     int64     // journal lines
	Outcome
	Fault string // why there is no outcome; "" if there is one
}

// shownLines is how much of an outcome is shown. The command's JSON has all of it.
const shownLines = 50

// Shown are the first lines of what was found.
func (c Check) Shown() []string { return c.Lines[:min(len(c.Lines), shownLines)] }

// Hidden is how many lines are not shown.
func (c Check) Hidden() int { return len(c.Lines) - len(c.Shown()) }

// Mark is a check's state.
func (c Check) Mark() Mark {
	switch {
	case c.Ended.IsZero():
		return mark(None, "running")
	case c.Fault != "":
		return mark(Bad, "failed")
	case c.Sound:
		return mark(Good, "agrees")
	default:
		return mark(Bad, "differs")
	}
}
