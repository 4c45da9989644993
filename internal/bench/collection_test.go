package bench

import (
	"runtime"
	"sync"
	"time"
)

// peerSize is how many things in a bare map take as much memory as a token, and as much of it that a collection goes over.
const peerSize = 5

// collection is what a full one has taken, in milliseconds.
type collection struct{ wall, processor, stopped float64 }

// collected are full collections.
func (b *bench) collected() (all []collection) {
	for range b.rounds {
		began, used := time.Now(), processorTime()
		runtime.GC()
		c := collection{wall: inMilliseconds(time.Since(began)), processor: inMilliseconds(processorTime() - used)}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.stopped = float64(m.PauseNs[(m.NumGC+255)%256]) / 1e6
		all = append(all, c)
	}
	return all
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peer has a bare map as large as the projection.
func (b *bench) peer() *bench {
	return &bench{T: b.T, population: population{peerSize * b.n, b.began}, rounds: b.rounds}
}

// peerCollected are those of the peer.
func (b *bench) peerCollected() []collection {
	peer := b.peer()
	m := peer.bareMap()
	runtime.GC()
	defer runtime.KeepAlive(m)
	return peer.collected()
}

// peerFilled is the processor time in which the peer's map is filled.
func (b *bench) peerFilled() time.Duration {
	began := processorTime()
	b.peer().bareMap()
	return processorTime() - began
}

// collections are the rows of what is in use now, beside those of the peer.
func (b *bench) collections(peer []collection) {
	var wall, stopped, ratios []float64
	for i, c := range b.collected() {
		wall, stopped = append(wall, c.wall), append(stopped, c.stopped)
		ratios = append(ratios, c.processor/peer[i].processor)
	}
	b.row("full GC", "ms", none, wall...)
	b.row("full GC ÷ of a bare map that is as large, by processor time", "", atMost(1.5), ratios...)
	b.row("for how long of it nothing is answered", "ms", atMost(5), stopped...)
}

// collecting is how much longer an answer takes while one collection follows the other. Most of that is the processor that
// they take of the two.
func (b *bench) collecting(answer func()) {
	const n = 200_000
	ask := func(int) { answer() }
	var ratios []float64
	for range b.rounds {
		without := each(1, n, ask)
		ended := make(chan struct{})
		var beside sync.WaitGroup
		beside.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					runtime.GC()
				}
			}
		})
		with := each(1, n, ask)
		close(ended)
		beside.Wait()
		ratios = append(ratios, with[0]/without[0])
	}
	b.row("a verdict while one collection follows the other ÷ without", "", none, ratios...)
}
