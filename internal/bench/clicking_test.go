package bench

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pagesPerSecond = 20 // as a room full of people who click
	clickers       = 4  // each waits for its page; more at once the console refuses
)

// clicking asks for one page after the other.
func (b *bench) clicking(pages string) (stop func()) {
	b.Helper()
	paths := []string{"/", "/users/demo/" + b.token(0).User, "/tokens", "/keys", "/tokens.csv", "/orders", "/parked", "/log", "/audit", "/setup"}
	ended, tick := make(chan struct{}), time.NewTicker(time.Second/pagesPerSecond)
	var clicks atomic.Int64
	var all sync.WaitGroup
	for range clickers {
		all.Go(func() {
			for {
				select {
				case <-ended:
					return
				case <-tick.C:
					b.show(pages, paths[int(clicks.Add(1))%len(paths)])
				}
			}
		})
	}
	return func() { close(ended); all.Wait(); tick.Stop() }
}

func (b *bench) show(pages, path string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, pages+path, nil)
	if err != nil {
		b.Error(err)
		return
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		b.Errorf("%s: %d %v", path, res.StatusCode, err)
	}
}

// spinning goes over more memory than a processor's cache has, without an end.
func spinning() (stop func()) {
	var ended atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		for memory := make([]byte, 64<<20); !ended.Load(); {
			for i := 0; i < len(memory); i += 64 {
				memory[i]++
			}
		}
	})
	return func() { ended.Store(true); all.Wait() }
}
