package postgres

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// brief times keep a test from waiting for what a worker would wait for.
func brief() leaseTimes {
	return leaseTimes{term: time.Second, every: 50 * time.Millisecond, question: 300 * time.Millisecond, margin: 200 * time.Millisecond}
}

func ignored(string) {}

// briefly takes a lease of such times. A machine that has much else to do may not answer a question in time: that is no
// refusal, and a worker asks again as well.
func briefly(ctx context.Context, t *testing.T, s *Store, me string) (held context.Context, release func()) {
	t.Helper()
	for {
		held, release, err := s.lease(ctx, me, ignored, brief())
		if err == nil {
			return held, release
		}
		if ctx.Err() != nil {
			t.Fatalf("%s does not get the lease: %v", me, err)
		}
	}
}

// Ensure one holds the lease at a time, the next one is told whose it is, and gets it at once when
// the first gives it back.
func TestLease(t *testing.T) {
	s := New(newPool(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first, release, err := s.Lease(ctx, "host-a", ignored)
	must(t, err)
	active, got := make(chan string, 9), make(chan func(), 1)
	go func() {
		_, release, err := s.Lease(ctx, "host-b", func(name string) { active <- name })
		if err != nil {
			t.Error(err)
			release = func() {}
		}
		got <- release
	}()
	if name := <-active; name != "host-a" {
		t.Errorf("the standby was told that %q is active", name)
	}
	if first.Err() != nil || len(got) > 0 {
		t.Fatal("the first does not hold it")
	}
	release()
	if first.Err() == nil {
		t.Fatal("a context of a lease that was given back")
	}
	(<-got)()
	if len(active) > 0 {
		t.Errorf("the standby was told again: %q", <-active)
	}
}

// Ensure who cannot reach the database stops by its own clock, and another takes over.
func TestALeaseIsLostBehindASilentProxy(t *testing.T) {
	direct := newPool(t)
	proxy := newSwallower(t, direct.Config().ConnConfig)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pool, err := Open(ctx, proxy.url, short())
	must(t, err)
	defer pool.Close()
	held, release := briefly(ctx, t, New(pool), "host-a")
	proxy.swallow.Store(true)
	_, releaseNext := briefly(ctx, t, New(direct), "host-b")
	<-held.Done()
	if ctx.Err() != nil {
		t.Fatal("the first went on for as long as this test waits")
	}
	release() // says so in vain, and must not take the lease from the second
	releaseNext()
}

// Ensure who sees that another has taken the lease stops at once, not when it would have ended, and that one which a clock that was
// set back has put into the future keeps nobody out.
func TestALeaseFollowsTheRow(t *testing.T) {
	s := New(newPool(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	held, release, err := s.lease(ctx, "host-a", ignored, leaseTimes{term: 2 * patience, every: 50 * time.Millisecond, question: patience})
	must(t, err)
	_, err = s.pool.Exec(ctx, "UPDATE tokenstate.lease SET holder = 'somebody', until = clock_timestamp() + interval '1 hour'")
	must(t, err)
	<-held.Done()
	if ctx.Err() != nil {
		t.Fatal("it went on for as long as this test waits")
	}
	release()
	_, release = briefly(ctx, t, s, "host-b")
	release()
}

const holdsTheLease = "TOKENSTATE_TEST_HOLDS_THE_LEASE"

func TestHelperHoldsTheLease(t *testing.T) {
	url := os.Getenv(holdsTheLease)
	if url == "" {
		return // a part of TestAFrozenWorkerIsReplaced
	}
	pool, err := Open(t.Context(), url, Serving())
	must(t, err)
	held, _, err := New(pool).Lease(t.Context(), "frozen", ignored)
	must(t, err)
	_, _ = os.Stdout.WriteString("held\n")
	<-held.Done()
	_, _ = os.Stdout.WriteString("lost\n")
}

// TestAFrozenWorkerIsReplaced: another takes over while the active worker is frozen, and when that
// wakes it knows that it is not active any more.
func TestAFrozenWorkerIsReplaced(t *testing.T) {
	s := New(newPool(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	frozen := startHelper(ctx, t, "TestHelperHoldsTheLease", holdsTheLease+"="+s.pool.Config().ConnString())
	frozen.says("held")
	must(t, frozen.cmd.Process.Signal(syscall.SIGSTOP))
	at := time.Now()
	_, release, err := s.Lease(ctx, "host-b", ignored)
	must(t, err)
	t.Logf("taken over after %s", time.Since(at).Round(100*time.Millisecond))
	must(t, frozen.cmd.Process.Signal(syscall.SIGCONT))
	frozen.says("lost")
	release()
}

// Ensure who was woken a moment ago rests before the next version, and does not where somebody waits for that.
func TestWhoIsWokenOftenRests(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	w := s.NewWaiter(time.Hour)
	defer w.Close()
	w.lull = time.Hour
	must(t, w.Wait(ctx, 0, nil)) // listens
	hurry := make(chan struct{})
	for known := range int64(2) {
		_, err := s.PutToken(ctx, issued(tokenstate.Seconds(5+known)), nil)
		must(t, err)
		woken := make(chan error, 1)
		go func() { woken <- w.Wait(ctx, known, hurry) }()
		if known == 1 {
			hurry <- struct{}{} // is heard by who rests
		}
		must(t, <-woken)
	}
}

// Ensure a writer wakes a waiter, and that a lost connection only costs the poll interval.
func TestWait(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	w := s.NewWaiter(time.Hour)
	defer w.Close()
	must(t, w.Wait(ctx, 0, nil)) // listens, and returns at once
	woken := make(chan error)
	go func() { woken <- w.Wait(ctx, 0, nil) }()
	_, err := s.PutToken(ctx, issued(5), nil)
	must(t, err)
	must(t, <-woken)
	for i := range tokenstate.Seconds(2) {
		_, err = s.PutToken(ctx, issued(6+i), nil)
		must(t, err)
	}
	if v, err := w.beyond(ctx, 2); v != 3 || err != nil {
		t.Errorf("who knows version 2 is woken by version %d, %v", v, err)
	}
	w.poll = 50 * time.Millisecond
	_, err = s.pool.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
	must(t, err)
	for range 3 {
		must(t, w.Wait(context.WithoutCancel(ctx), 3, nil))
	}
}
