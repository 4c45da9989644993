//go:build harm

package harm

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// block is what one realm did in a while.
type block struct {
	perSecond float64         // logins with their logouts
	n         int             // of them
	took      []time.Duration // each request
}

// speed compares logins and logouts in both realms, block by block in turn, so that what else the machine
// does falls on both.
type speed struct {
	throughput  float64 // with ÷ without; median over the pairs of blocks
	least, most float64
	p99         float64 // with ÷ without, over all blocks
	with        time.Duration
	without     time.Duration
	processor   map[bool]string // ms for each login with its logout, with us and without
}

func (s speed) String() string {
	return fmt.Sprintf("throughput=%.3f (%.3f to %.3f) p99=%.2f (%d ms with, %d ms without)", s.throughput, s.least, s.most, s.p99, s.with.Milliseconds(), s.without.Milliseconds())
}

// warmUp are the pairs after which Java's optimising compiler is done with what a login needs.
const warmUp = 5

// worse of two, in each of the two figures that have a goal.
func (s speed) worse(t speed) speed {
	if t.throughput > 0 {
		s.throughput, s.p99 = min(s.throughput, t.throughput), max(s.p99, t.p99)
	}
	return s
}

// many makes the users who log in.
func (w *world) many() (users map[*side][]string, err error) {
	users = map[*side][]string{}
	for _, r := range w.sides() {
		for range atOnce * usersEach {
			_, name, err := r.user(w.ctx)
			if err != nil {
				return nil, err
			}
			users[r] = append(users[r], name)
		}
	}
	return users, nil
}

func (w *world) speed(users map[*side][]string, pairs int, length time.Duration) (s speed, err error) {
	all := map[*side][]time.Duration{}
	processor, done := map[*side]processor{w.with: {}, w.without: {}}, map[*side]int{}
	var ratios []float64
	for n := range pairs + 1 {
		rate := map[*side]float64{}
		turn := w.sides()
		if n%2 == 1 {
			slices.Reverse(turn)
		}
		for _, r := range turn {
			before := w.processor()
			b, err := w.block(r, users[r], length)
			if err != nil {
				return s, err
			}
			play.Pause(w.ctx, time.Second) // what is still to be looked at is the block's own
			if n > 0 {                     // the first pair warms up, and hashes passwords anew
				rate[r] = b.perSecond
				all[r] = append(all[r], b.took...)
				processor[r].add(w.processor().since(before))
				done[r] += b.n
			}
		}
		if n > 0 {
			ratios = append(ratios, rate[w.with]/rate[w.without])
		}
	}
	s.throughput, s.least, s.most = middle(ratios), slices.Min(ratios), slices.Max(ratios)
	s.processor = map[bool]string{true: processor[w.with].each(done[w.with]), false: processor[w.without].each(done[w.without])}
	s.with, s.without = p99(all[w.with]), p99(all[w.without])
	s.p99 = float64(s.with) / float64(s.without)
	return s, nil
}

// usersEach are the users of one client, who take turns: one user again and again would be beyond the bound of
// looks at one user, and his logouts would cost less than those of many.
const usersEach = 20

// block has users log in and out again for a while.
func (w *world) block(r *side, users []string, length time.Duration) (b block, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	began, n := time.Now(), 0
	for some := range slices.Chunk(users, usersEach) {
		wg.Go(func() {
			for turn := 0; time.Since(began) < length; turn++ {
				name, start := some[turn%len(some)], time.Now()
				t, e := r.Grant(w.ctx, "app", name, play.Offline)
				between := time.Now()
				if e == nil {
					e = r.end(w.ctx, t)
				}
				mu.Lock()
				if n++; e != nil {
					err = e
				}
				b.took = append(b.took, between.Sub(start), time.Since(between))
				mu.Unlock()
				if e != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	b.n, b.perSecond = n, float64(n)/time.Since(began).Seconds()
	return b, err
}

func p99(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*99/100]
}

// middle is the median.
func middle(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
