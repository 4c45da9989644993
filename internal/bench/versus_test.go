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

// several is a block in which there are several collections of garbage, where one takes long: of a million tokens a second of
// a processor, every few seconds. Otherwise either ours or the peer has it.
func (b *bench) several() time.Duration {
	if b.n < 500_000 {
		return b.block()
	}
	return 8 * time.Second
}

// speed is what was answered in a second, and in a second of this process's processor time.
type speed struct{ wall, processor float64 }

// versus measures ours and the peer in turn, ours first and last in each round, so that what else the machine does
// reaches both alike. The ratio by processor time hardly feels it at all, but counts the client as well, whose part is
// the same in both.
func (b *bench) versus(what, peerIs string, ours, peer []asker) {
	b.Helper()
	b.speed(ours)
	b.speed(peer)
	var walls, processors, a, p []float64
	for range b.rounds {
		first, second, third, fourth := b.speed(ours), b.speed(peer), b.speed(peer), b.speed(ours)
		walls = append(walls, (first.wall+fourth.wall)/(second.wall+third.wall))
		processors = append(processors, (first.processor+fourth.processor)/(second.processor+third.processor))
		a, p = append(a, (first.wall+fourth.wall)/2), append(p, (second.wall+third.wall)/2)
	}
	b.row(what+" ÷ "+peerIs, "", atLeast(0.6), walls...)
	b.row(what+" ÷ "+peerIs+", by processor time", "", atLeast(0.6), processors...)
	b.row(what, "answers/s", none, a...)
	b.row(peerIs+", beside "+what, "answers/s", none, p...)
}

// speed has all ask together for a while.
func (b *bench) speed(all []asker) speed {
	b.Helper()
	var answered atomic.Int64
	var failed atomic.Pointer[error]
	var done sync.WaitGroup
	began, used := time.Now(), processorTime()
	until := began.Add(b.several())
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
	n := float64(answered.Load())
	return speed{n / time.Since(began).Seconds(), n / (processorTime() - used).Seconds()}
}
