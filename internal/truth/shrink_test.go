//go:build truth

package truth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// Bounds of looking for a shorter story.
const (
	replays     = 24
	shrinkLimit = 4 * time.Minute
)

// pastedScripts are the short stories that have been found, each played first in every run.
var pastedScripts = []string{}

func (w *world) pasted() {
	w.t.Helper()
	for _, script := range pastedScripts {
		steps, err := parse(script)
		w.must(err)
		if w.replay(steps) {
			w.t.Errorf("false again:\n%s", script)
		}
	}
}

// shrink looks for a short story that leads to a false verdict, and prints it to be pasted
// above. What depends on a moment may not come again: then it prints the whole.
// The story that it gives is the shorter one, or the whole.
func (w *world) shrink(h *held, common []step) []step {
	w.t.Helper()
	steps := slices.Concat(h.owner.lane, common)
	end := time.Now().Add(shrinkLimit)
	if !w.replay(steps) {
		w.t.Logf("played alone and in order, this story is true, so it hangs on a moment:\n%s", script(steps))
		return steps
	}
	for i, tries := 0, 0; i < len(steps) && tries < replays && time.Now().Before(end); tries++ {
		fewer := slices.Delete(slices.Clone(steps), i, i+1)
		if w.replay(fewer) {
			steps = fewer
		} else {
			i++
		}
	}
	w.t.Logf("a shorter story; paste it into pastedScripts in internal/truth/shrink_test.go:\n%s", script(steps))
	return steps
}

func script(steps []step) string {
	var b strings.Builder
	b.WriteString("`\n")
	for _, s := range steps {
		fmt.Fprintln(&b, s)
	}
	return b.String() + "`,"
}

// replay plays steps for a new person in peace, and says whether a verdict is false.
func (w *world) replay(steps []step) (wrong bool) {
	w.t.Helper()
	w.opened()
	play.Pause(w.ctx, w.settled)
	was := w.held
	w.held = nil
	defer func() { w.held = was }()
	p := &person{name: fmt.Sprintf("again-%x", time.Now().UnixNano()), browser: w.keycloak.NewBrowser()}
	w.must(w.make(p))
	for _, s := range steps {
		w.play(s, p)
	}
	hs := w.compared()
	vs := w.verdicts(hs)
	for i, refused := range w.answers(hs) {
		wrong = wrong || (vs[i].State == "usable") != (refused == nil)
	}
	return wrong
}
