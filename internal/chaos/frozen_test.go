//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
)

// idleBound is what docs/limits.md says of a transaction between two statements: Postgres ends it then, with its
// locks. busy is what a machine with much else to do may take for the writer's own work.
const (
	idleBound = 5 * time.Second
	busy      = 3 * time.Second
)

// Ensure that a program which is frozen, or whose network is, at any statement of any transaction keeps no
// other writer waiting for longer than the bound.
func TestFrozenAtEveryStep(t *testing.T) {
	if os.Getenv("CHAOS_FROZEN") == "" {
		t.Skip("CHAOS_FROZEN=1 says that it is wanted, CHAOS_FROZEN=worker or authapi a half of it: it takes some minutes")
	}
	z := &freezer{newCampaign(t, 1, "", false)}
	if os.Getenv("CHAOS_FROZEN") != "authapi" {
		z.worker()
	}
	if os.Getenv("CHAOS_FROZEN") == "worker" {
		return
	}
	for _, act := range []struct {
		name string
		do   func(u *user) error
	}{
		{"mint", func(u *user) error { return z.through(http.MethodPost, keysOf(u), map[string]any{"name": "mine"}) }},
		{"revoke a key", func(u *user) error { return z.through(http.MethodDelete, keysOf(u)+"/old", nil) }},
		{"disable", func(u *user) error {
			return z.through(http.MethodPost, "/v1/users/"+u.id+"/standing", map[string]any{"enabled": false, "reason": "chaos"})
		}},
		{"store a token", func(u *user) error {
			return z.through(http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": u.id, "client_id": clientID, "session_id": "s", "issued_at": 1})
		}},
	} {
		z.authapi(act.name, act.do)
	}
}

type freezer struct{ *campaign }

// through asks the first replica, which is the one that is frozen.
func (z *freezer) through(method, path string, body any) error {
	ctx, cancel := context.WithTimeout(z.t.Context(), 20*time.Second)
	defer cancel()
	_, err := z.b.backends[0].Call(ctx, method, path, "", body)
	return err
}

// ways are the two in which a program stops: it is frozen itself when all of a statement has been sent, or its
// network when a half has.
func (z *freezer) ways(program string) map[bool][2]func() {
	k := z.b.links[program+"-postgres"]
	signal := func(s syscall.Signal) func() {
		return func() {
			if err := z.b.stack.Signal(program, s); err != nil {
				z.t.Error(err)
			}
		}
	}
	return map[bool][2]func(){false: {signal(syscall.SIGSTOP), signal(syscall.SIGCONT)}, true: {k.shut, k.open}}
}

// authapi freezes a replica in the middle of what act does, at each step of it.
func (z *freezer) authapi(name string, act func(*user) error) {
	s := z.b.links["authapi1-postgres"].watch()
	for half, way := range z.ways("authapi1") {
		for n := 1; !z.t.Failed(); n++ {
			u := z.w.enter()
			z.done(z.player.call(http.MethodPost, keysOf(u), map[string]any{"name": "old"}, nil))
			z.calm()
			stopped := s.arm(n, half, way[0])
			ended := make(chan struct{})
			go func() { _ = act(u); close(ended) }() // its own outcome may be unknown
			where, more := "", true
			select {
			case where = <-stopped:
			case <-ended:
				more = false
			}
			if !more {
				s.disarm()
				break
			}
			z.others(fmt.Sprintf("authapi, %s, step %d (half %t, %s)", name, n, half, where), u)
			way[1]()
			<-ended
			z.w.leave(u)
		}
	}
}

// worker freezes the active worker in the middle of a batch, at each step of it.
func (z *freezer) worker() {
	for _, half := range []bool{false, true} {
		for n := 1; !z.t.Failed(); n++ {
			active := z.active()
			way := z.ways(active)[half]
			s := z.b.links[active+"-postgres"].watch()
			z.calm()
			u := z.w.enter()
			stopped := s.arm(n, half, way[0])
			z.p.tell(u, "enabled", events.Happened{Kind: "admin", Type: "UPDATE USER", Path: "users/" + u.id}, func() {})
			where := ""
			select {
			case where = <-stopped:
			case <-time.After(3 * time.Second): // there are no more steps
			}
			s.disarm()
			if where == "" {
				way[1]()
				break
			}
			began := time.Now()
			z.others(fmt.Sprintf("%s, step %d (half %t, %s)", active, n, half, where), u)
			err := eventually(z.t.Context(), settled, func() error { return z.relayed(z.t.Context()) })
			took := time.Since(began)
			z.t.Logf("  and the other worker has applied it after %.1f s", took.Seconds())
			if err != nil || took > 10*time.Second+busy {
				z.t.Errorf("%s, step %d: applied after %s: %v", active, n, took, err)
			}
			way[1]()
			z.w.leave(u)
		}
	}
}

// others do what the frozen one may be in the way of, at once, through the other replica.
func (z *freezer) others(what string, u *user) {
	z.t.Helper()
	b := z.b.backends[1]
	other := z.w.enter()
	var all sync.WaitGroup
	var mu sync.Mutex
	longest, slowest := time.Duration(0), ""
	var faults error
	for name, call := range map[string][3]any{
		"mint":         {http.MethodPost, keysOf(u), map[string]any{"name": "mine"}},
		"revoke":       {http.MethodDelete, keysOf(u) + "/old", nil},
		"disable":      {http.MethodPost, "/v1/users/" + u.id + "/standing", map[string]any{"enabled": false, "reason": "chaos"}},
		"store":        {http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": u.id, "client_id": clientID, "session_id": "s", "issued_at": 1}},
		"other user's": {http.MethodPost, "/v1/users/" + other.id + "/standing", map[string]any{"enabled": false, "reason": "chaos"}},
	} {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(z.t.Context(), time.Minute)
			defer cancel()
			got, err := b.Call(ctx, call[0].(string), call[1].(string)+"?wait_ms=0", "", call[2])
			mu.Lock()
			defer mu.Unlock()
			if err != nil || got.Status/100 != 2 && got.Status/100 != 4 {
				faults = errors.Join(faults, fmt.Errorf("%s: %d %v %w", name, got.Status, got.Body, err))
			}
			if got.Took > longest {
				longest, slowest = got.Took, name
			}
		})
	}
	all.Wait()
	z.w.leave(other)
	z.t.Logf("%s: others waited %.1f s at most (%s)", what, longest.Seconds(), slowest)
	if longest > idleBound+busy || faults != nil {
		z.t.Errorf("%s: %s waited %s; %v", what, slowest, longest, faults)
	}
}

// calm waits until nothing is under way that the next step could be counted in.
func (z *freezer) calm() {
	z.t.Helper()
	must(z.t, z.ready(z.t.Context()))
	must(z.t, eventually(z.t.Context(), settled, func() error { return z.relayed(z.t.Context()) }))
}

func (z *freezer) done(_ any, err error) {
	z.t.Helper()
	must(z.t, err)
}

// active is the worker that holds the lease. One that has just been woken says for a moment that it does.
func (z *freezer) active() (name string) {
	z.t.Helper()
	must(z.t, eventually(z.t.Context(), settled, func() error {
		was := name
		name = ""
		for _, w := range workers {
			text, err := get(z.t.Context(), z.b.admin[w]+"/metrics")
			switch is := strings.Contains(text, "\ntokenstate_worker_active 1"); {
			case err != nil:
				return err
			case is && name != "":
				return errors.New("both workers say that they are active")
			case is:
				name = w
			}
		}
		if name == "" || name != was {
			play.Pause(z.t.Context(), time.Second) // and asked again
			return errors.New("it has just changed which worker is active")
		}
		return nil
	}))
	return name
}

func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return string(raw), err
}
