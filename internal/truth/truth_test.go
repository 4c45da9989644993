//go:build truth

package truth

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// unheard is what it takes without a listener, or after a part was killed: devstack's backfill
// leaves an event to its listener for 5 s, reads every 2 s, and a look follows.
const unheard = 12 * time.Second

// perRound actions of perUser for each user make a round.
const perUser = 10

// Ensure that after random real actions authapi's verdict of every token equals Keycloak's own
// answer to a refresh.
func TestVerdictsEqualKeycloaks(t *testing.T) {
	seed := number("TRUTH_SEED", time.Now().UnixNano()%1_000_000_000)
	actions, users := int(number("TRUTH_ACTIONS", 200)), int(number("TRUTH_USERS", 50))
	faults := strings.Fields(strings.ReplaceAll(os.Getenv("TRUTH_FAULTS"), ",", " "))
	jar, err := devstack.JarOf("TRUTH_LISTENER")
	must(t, err)
	w := start(t, devstack.Options{Jar: jar, Realm: realmOf(seed)}, "truth").by(seed)
	w.patient, w.jar = len(faults) > 0, jar
	w.rotate(seed)
	w.openStore()
	if jar != devstack.Listening || w.patient {
		w.settled = max(w.settled, unheard) // two nodes need longer still
	}
	if path := os.Getenv("TRUTH_STORY"); path != "" {
		w.besideFile(path, int(number("TRUTH_STORIES", 20)))
		return
	}
	w.pasted()
	var total tally
	acted := 0
	for round := 0; acted < actions && t.Context().Err() == nil; round++ {
		n := min(actions-acted, users*perUser)
		w.opened()
		w.must(w.enter(max(1, min(users, n/4))))
		got := w.round(round, n, faults)
		acted += n
		total = total.plus(got)
		t.Logf("round %d: actions=%d living=%d %s seed=%d", round+1, acted, got.living, got, seed)
		w.forget()
	}
	w.report(acted)
	if w.patient {
		w.verify()
		fmt.Printf("lost=%d\n", w.lost()) //nolint:forbidigo // beside the contract's line
	}
	t.Logf("realm %q, rotation %t, %d tokens of an older generation were left out", w.keycloak.Realm, w.rotates, w.older)
	fmt.Printf("actions=%d %s seed=%d keys=%d\n", acted, total, seed, w.keys) //nolint:forbidigo // the contract's line
	if total.agree == 0 {
		t.Error("nothing was compared")
	}
}

// round plays n actions and compares. One fault of chance falls into it, if there are any.
func (w *world) round(round, n int, faults []string) (got tally) {
	w.t.Helper()
	w.opened()
	if w.settled > devstack.Settles(1) {
		play.Pause(w.ctx, w.settled) // nobody has told of it: newborns would be called suspended
	}
	got.falseRevoked = w.births(round)
	got.agree = newborns - got.falseRevoked
	common := plan(w.people, n, w.rnd)
	over := w.fault(faults)
	if len(faults) == 0 {
		over = w.probe()
	}
	w.act(common)
	over()
	compared, wrong := w.compare()
	got = got.plus(compared)
	w.keys += w.compareKeys()
	if len(wrong) > 0 && os.Getenv("TRUTH_SHRINK") != "off" {
		i := max(0, slices.IndexFunc(wrong, func(h *held) bool { return h.unlisted }))
		if story := w.shrink(wrong[i], common); wrong[i].unlisted {
			w.beside(story, int(number("TRUTH_STORIES", 20)))
		}
	}
	return got
}

// fault lets a part be away for a while; the function it gives waits until all is well again.
func (w *world) fault(faults []string) (over func()) {
	if len(faults) == 0 {
		return func() {}
	}
	done := make(chan error, 1)
	part, seed := faults[w.rnd.Intn(len(faults))], w.rnd.Int63()
	w.everybody.tell("a fault: %s", part)
	w.t.Logf("a fault: %s", part)
	go func() { done <- w.harm(part, rand.New(rand.NewSource(seed)))(w.ctx) }()
	return func() {
		w.must(<-done)
		w.heard()
	}
}

// report says what was done, so that a row of the table that was never played is seen.
func (w *world) report(acted int) {
	for _, table := range [][]action{ofOne, ofStored, ofAll, ofAllForAWhile} {
		for _, a := range table {
			w.t.Logf("%6d × %s", w.counts[a.name], a.name)
		}
	}
	w.t.Logf("%d actions; %s", acted, w.latency())
}

func number(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}
