package bench

import (
	"io"
	"net/http"
	"sync"
	"time"
)

const pagesPerSecond = 20 // as a room full of people who click

// clicking asks for one page after the other.
func (b *bench) clicking(pages string) (stop func()) {
	b.Helper()
	paths := []string{"/", "/users/demo/" + b.token(0).User, "/tokens", "/keys", "/tokens.csv", "/orders", "/parked", "/log", "/audit", "/setup"}
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Second / pagesPerSecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ended:
				return
			case <-tick.C:
				all.Go(func() { b.show(pages, paths[i%len(paths)]) })
			}
		}
	})
	return func() { close(ended); all.Wait() }
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
