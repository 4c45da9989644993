//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// settled bounds each wait for quiet.
const settled = time.Minute

// people are in the world at once; each has a few tokens and keys.
const people = 12

// campaign is a run of cycles.
type campaign struct {
	t          *testing.T
	b          *bench
	w          *world
	p          *publisher
	ledger     *ledger
	player     *player
	watchers   []*watcher
	answers    meter // decisions that any replica answered
	orders     meter // revocations that were acknowledged
	kills      map[string]int
	number     int
	total      tally
	overridden int  // orders whose loss changes nothing
	comparator bool // it must lose

	acting sync.WaitGroup
	halt   context.CancelFunc
	seed   int64
}

// tally is what the comparisons found.
type tally struct{ acked, lost, falseRevoked, falseUsable int }

func newCampaign(t *testing.T, seed int64, overlay string, careless bool) *campaign {
	t.Helper()
	w := newWorld()
	b := startBench(t, w, overlay)
	l := newLedger(t, filepath.Join(b.root, ".dev", "log", "chaos", "ledger.jsonl"))
	p := newPublisher(t, w, l, b.nats("listener", b.links["publisher-nats"].addr()), careless)
	c := &campaign{
		t: t, b: b, w: w, p: p, ledger: l, player: &player{b: b, w: w, p: p, ledger: l}, kills: map[string]int{}, seed: seed,
	}
	for i, name := range replicas {
		c.watchers = append(c.watchers, &watcher{name: name, backend: b.backends[i], w: w, answers: &c.answers, seen: map[*thing]sight{}})
	}
	return c
}

// observe reads verdicts and revokes keys all the time, until the test ends.
func (c *campaign) observe() {
	ctx, cancel := context.WithCancel(c.t.Context())
	var all sync.WaitGroup
	for _, k := range c.watchers {
		all.Go(func() { k.watch(ctx) })
	}
	all.Go(func() { c.canary(ctx) })
	c.t.Cleanup(func() { cancel(); all.Wait() })
}

// canary makes a key and revokes it, again and again: how long can none be revoked?
func (c *campaign) canary(ctx context.Context) {
	u := c.w.enter()
	u.turn.Lock() // nobody else acts on it
	for n := 0; ctx.Err() == nil; n++ {
		name := map[string]any{"name": fmt.Sprintf("canary%d", n)}
		if _, err := c.player.call("POST", keysOf(u), name, nil); err != nil {
			continue
		}
		path := fmt.Sprintf("%s/canary%d?wait_ms=0", keysOf(u), n)
		if _, err := c.player.call("DELETE", path, nil, notThere); err == nil {
			c.orders.ok()
		}
		play.Pause(ctx, 100*time.Millisecond)
	}
}

// cycle breaks one thing while people act, waits until all is quiet, and compares.
func (c *campaign) cycle(n int, names []string) {
	c.t.Helper()
	rnd := rand.New(rand.NewSource(c.seed*1_000_003 + int64(n)))
	name := names[rnd.Intn(len(names))]
	for _, u := range c.w.all() {
		if u.gone || len(u.things) > 10 {
			c.w.leave(u)
		}
	}
	for len(c.w.all()) < people {
		u := c.w.enter()
		for range 2 {
			c.player.failed(errors.Join(c.player.login(u), c.player.mint(u)))
		}
	}
	began := time.Now()
	c.resume()
	said, err := faults[name](c, c.t.Context(), rnd)
	if err != nil {
		c.t.Fatalf("cycle %d, %s %s: %v", n, name, said, err)
	}
	if err := c.ready(c.t.Context()); err != nil {
		c.t.Fatalf("cycle %d, %s %s: not ready again: %v", n, name, said, err)
	}
	c.pause()
	broken := time.Since(began)
	if c.player.fault != nil {
		c.t.Errorf("cycle %d, %s %s: %v", n, name, said, c.player.fault)
		c.player.fault = nil
	}
	got := c.compare(n)
	c.total.lost, c.total.falseRevoked, c.total.falseUsable = c.total.lost+got.lost, c.total.falseRevoked+got.falseRevoked, c.total.falseUsable+got.falseUsable
	_, _, c.total.acked = c.ledger.messages()
	c.t.Logf("cycle %d: %s %s: %s, quiet %s later; acked=%d lost=%d false_revoked=%d false_usable=%d stops %s %s", n, name, said,
		broken.Round(time.Millisecond), (time.Since(began) - broken).Round(time.Millisecond), c.total.acked, got.lost, got.falseRevoked, got.falseUsable,
		c.answers.worst().Round(time.Millisecond), c.orders.worst().Round(time.Millisecond))
}

// resume lets people act, until pause.
func (c *campaign) resume() {
	ctx, cancel := context.WithCancel(c.t.Context())
	c.halt = cancel
	c.seed++
	c.acting.Go(func() { c.player.act(ctx, 4, c.seed) })
}

// pause waits until what was begun is acknowledged.
func (c *campaign) pause() {
	c.halt()
	c.acting.Wait()
}

// ready waits until every part answers.
func (c *campaign) ready(ctx context.Context) error {
	for name, url := range c.b.admin {
		if err := eventually(ctx, settled, func() error { return answers(ctx, url+"/readyz") }); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// chosen are the faults of CHAOS_FAULTS.
func chosen(t *testing.T) []string {
	t.Helper()
	names := strings.FieldsFunc(os.Getenv("CHAOS_FAULTS"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(names) == 0 || slices.Contains(names, "all") {
		names = nil
		for name := range faults {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if faults[name] == nil {
			t.Fatalf("CHAOS_FAULTS: there is no fault %q", name)
		}
	}
	return names
}

func number(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}
