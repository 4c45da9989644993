package bench

import (
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many ask at once.
const connections = 32

// asker asks once, over one connection.
type asker func() error

// block is how long one of two is measured before the other has its turn.
func (b *bench) block() time.Duration {
	if b.n < 50_000 {
		return 50 * time.Millisecond
	}
	return time.Second
}

// versus measures ours and the peer in turn, ours first and last in each round, so that what else the machine does
// reaches both alike. It gives the ratio of what they answered a second, and what each answered.
func (b *bench) versus(ours, peer []asker) (ratios, a, p []float64) {
	b.Helper()
	b.rate(ours)
	b.rate(peer)
	for range rounds {
		first, second, third, fourth := b.rate(ours), b.rate(peer), b.rate(peer), b.rate(ours)
		a, p = append(a, (first+fourth)/2), append(p, (second+third)/2)
		ratios = append(ratios, (first+fourth)/(second+third))
	}
	return ratios, a, p
}

// rate is how often in a second all together were answered.
func (b *bench) rate(all []asker) float64 {
	b.Helper()
	var answered atomic.Int64
	var failed atomic.Pointer[error]
	var done sync.WaitGroup
	began := time.Now()
	until := began.Add(b.block())
	for _, ask := range all {
		done.Go(func() {
			n := int64(0)
			for time.Now().Before(until) {
				if err := ask(); err != nil {
					failed.Store(&err)
					return
				}
				n++
			}
			answered.Add(n)
		})
	}
	done.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return float64(answered.Load()) / time.Since(began).Seconds()
}
