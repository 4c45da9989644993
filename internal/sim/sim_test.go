package sim

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	someSeeds = 50 // in make test, the first of those of make sim
	length    = 30 // steps of a history
	shrunk    = 3  // failing seeds that are made shorter and printed
)

// Ensure that once nobody is due to be looked at, every verdict is the model's answer, whatever order the messages
// had. SIM_SEEDS says how many histories, SIM_SEED the first; with SIM_SHRINK=off the first failure ends it.
func TestVerdictsEqualTheModels(t *testing.T) {
	first, seeds := number(t, "SIM_SEED", 1), number(t, "SIM_SEEDS", someSeeds)
	began, patient := time.Now(), os.Getenv("SIM_SHRINK") != "off"
	var all tally
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := first + next.Add(1) - 1; seed < first+seeds && (patient || !t.Failed()); seed = first + next.Add(1) - 1 {
				h := generate(seed, length)
				r := play(h)
				if n := all.add(r); r.failed() && (n > shrunk || !patient) {
					t.Errorf("seed %d is wrong: %s", seed, r.how())
				} else if r.failed() {
					h = shrink(h, r)
					t.Errorf("seed %d is wrong, in %d steps:\n%s%s", seed, len(h.steps), asTest(seed, h), play(h).text())
				}
			}
		})
	}
	workers.Wait()
	all.print(seeds, time.Since(began))
}

// tally counts histories.
type tally struct {
	sync.Mutex
	failed, falseRevoked, falseUsable, diverged, stuck int
	compared, inDoubt, hidden, messages                int
}

// add counts a history, and says how many have failed.
func (a *tally) add(r result) int {
	a.Lock()
	defer a.Unlock()
	for _, c := range []struct {
		count *int
		so    bool
	}{
		{&a.failed, r.failed()},
		{&a.falseRevoked, len(r.falseRevoked) > 0},
		{&a.falseUsable, len(r.falseUsable) > 0},
		{&a.diverged, r.diverged},
		{&a.stuck, r.stuck},
	} {
		if c.so {
			*c.count++
		}
	}
	a.compared, a.inDoubt = a.compared+r.compared, a.inDoubt+r.inDoubt
	a.hidden, a.messages = a.hidden+r.hidden, a.messages+len(r.log)
	return a.failed
}

func (a *tally) print(seeds uint64, took time.Duration) {
	fmt.Printf("messages=%d compared=%d in_doubt=%d hidden=%d stuck=%d\n", a.messages, a.compared, a.inDoubt, a.hidden, a.stuck) //nolint:forbidigo // beside the contract's line
	fmt.Printf("seeds=%d false_revoked=%d false_usable=%d diverged=%d seeds_per_s=%.0f\n",                                       //nolint:forbidigo // the contract's line
		seeds, a.falseRevoked, a.falseUsable, a.diverged, float64(seeds)/took.Seconds())
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, v)
	}
	return n
}

// holds plays a history that was once wrong.
func holds(t *testing.T, h history) {
	t.Helper()
	if r := play(h); r.failed() {
		t.Error(r.text())
	}
}
