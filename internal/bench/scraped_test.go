package bench

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// moving is the population with a version each half of a millisecond or so, in which somebody is looked at.
type moving struct {
	source

	version atomic.Int64
}

func (s *moving) Wait(ctx context.Context, _ int64, _ <-chan struct{}) error {
	err := pause.For(ctx, time.Millisecond/2)
	s.version.Add(1)
	return err
}

func (s *moving) News(ctx context.Context, after int64) (projection.News, error) {
	status, err := s.Status(ctx)
	v := projection.Version{Version: 1 + s.version.Load(), Nonce: "n"}
	for i := after; i < v.Version; i++ {
		look := tokenstate.LookRow{
			Scope: tokenstate.Scope{Realm: "demo", User: s.p.token(int(i) * 31 % s.p.n).User}, Node: "kc1",
			Value: tokenstate.Look{At: s.p.now() + tokenstate.Millis(i), Cause: id('e', int(i))},
		}
		v.Changes = append(v.Changes, projection.Change{Fact: look})
	}
	return projection.News{Status: status, Was: "n", Now: v}, err
}

// scraped is what decisions feel of a scrape while a thousand versions a second are installed.
func scraped(b *bench) {
	s := &moving{source: source{b.population}}
	known := projection.New(s, projection.Options{LoadLimit: 1 << 40}, zerolog.Nop())
	b.running(known.Run)
	b.must(known.WaitVersion(b.Context(), 1))
	page := (&ops.Admin{Gatherer: b.gauges(known), Checks: []ops.Check{{Name: "caught-up", Ask: known.Ready}}}).Handler()
	var more, rate []float64
	for range b.rounds {
		before, began := known.Version(), time.Now()
		first, second := b.decided(known), b.decidedBeside(known, page)
		third, fourth := b.decidedBeside(known, page), b.decided(known)
		more = append(more, (second+third-first-fourth)/2)
		rate = append(rate, float64(known.Version()-before)/time.Since(began).Seconds())
	}
	b.row("versions installed meanwhile", "/s", none, rate...)
	b.row("p99 of a decision with a scrape every 20 ms, more than without", "ms", atMost(2), more...)
}

// decided is the 99th percentile of the milliseconds that a key's decision takes within a second.
func (b *bench) decided(known *projection.Projection) float64 {
	var took []float64
	for until := time.Now().Add(time.Second); time.Now().Before(until); {
		user := b.token(b.keyed(len(took)))
		began := time.Now()
		known.Owner(user.Realm, user.User)
		known.Judge(user)
		took = append(took, float64(time.Since(began).Nanoseconds())/1e6)
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func (b *bench) decidedBeside(known *projection.Projection, page http.Handler) float64 {
	var beside sync.WaitGroup
	ended := make(chan struct{})
	beside.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				w := httptest.NewRecorder()
				if page.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", nil)); w.Code != http.StatusOK {
					b.Errorf("/metrics: %d", w.Code)
				}
			}
		}
	})
	p99 := b.decided(known)
	close(ended)
	beside.Wait()
	return p99
}
