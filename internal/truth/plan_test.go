//go:build truth

package truth

import (
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// step is one planned action. Its text is a line of a script: what, which client, which chance.
type step struct {
	action *action
	client string
	seed   int64
}

func (s step) String() string { return fmt.Sprintf("%s | %s | %d", s.action.name, s.client, s.seed) }

// parse reads a script that shrink has printed.
func parse(script string) (steps []step, err error) {
	for line := range strings.Lines(strings.TrimSpace(script)) {
		parts := strings.Split(strings.TrimSpace(line), " | ")
		if len(parts) != 3 {
			return nil, fmt.Errorf("%q is no step", line)
		}
		a := named(parts[0])
		seed, err := strconv.ParseInt(parts[2], 10, 64)
		if a == nil || err != nil {
			return nil, fmt.Errorf("%q is no step", line)
		}
		steps = append(steps, step{a, parts[1], seed})
	}
	return steps, nil
}

func named(name string) *action {
	for _, table := range [][]action{ofOne, ofStored, ofAll, ofAllForAWhile} {
		for i := range table {
			if table[i].name == name {
				return &table[i]
			}
		}
	}
	return nil
}

// only is a pattern of the names of actions to play; others are left out. A story that hangs on a
// moment comes soonest so.
var only = regexp.MustCompile(os.Getenv("TRUTH_ONLY"))

func chosen(table []action) []action {
	return slices.DeleteFunc(slices.Clone(table), func(a action) bool { return !only.MatchString(a.name) })
}

// chance picks one of a table by its weights.
func chance(table []action, rnd *rand.Rand) step {
	total := 0
	for _, a := range table {
		total += a.weight
	}
	n := rnd.Intn(total)
	for i := range table {
		if n -= table[i].weight; n < 0 {
			return step{&table[i], []string{"app", "app2"}[rnd.Intn(2)], rnd.Int63()}
		}
	}
	panic("weights")
}

// most of a round's actions of each kind that concern everybody: more would leave no token alive.
const most = 5

// plan deals the actions of a round out to people; common ones are few, whatever the round's size.
func plan(people []*person, actions int, rnd *rand.Rand) (common []step) {
	for _, table := range [][]action{chosen(ofAll), chosen(ofAllForAWhile)} {
		if len(table) == 0 {
			continue
		}
		for range min(rnd.Intn(most), actions-len(common)) {
			common = append(common, chance(table, rnd))
		}
	}
	rnd.Shuffle(len(common), func(i, j int) { common[i], common[j] = common[j], common[i] })
	for i := range actions - len(common) {
		p := people[i%len(people)]
		p.lane = append(p.lane, chance(ofPerson(p), rnd))
	}
	return common
}
