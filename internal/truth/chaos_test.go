//go:build truth

package truth

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
)

// TestMain is also the NATS server: devstack starts it as another process of this program.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "nats-server" {
		if err := devstack.ServeNATS(os.Args[2]); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// pace is the pause between two actions.
const pace = 50 * time.Millisecond

// chaosSettled is what a cycle needs after Keycloak was killed: an event that was committed and
// never published is missed only when the listener's grace is over (devstack: 5 s).
const chaosSettled = 12 * time.Second

// Ensure that killing each process with SIGKILL, again and again while people act, loses no
// message and makes no verdict false.
func TestKillsLoseNothing(t *testing.T) {
	seed := number("CHAOS_SEED", time.Now().UnixNano()%1_000_000_000)
	cycles := number("CHAOS_CYCLES", 0)
	if cycles == 0 {
		t.Skip("CHAOS_CYCLES says how often: run `make chaos`")
	}
	t.Setenv("DATABASE_URL", "") // a stack of its own
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s, err := devstack.Start(t.Context(), devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "chaos")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	w := worldOn(t, s.Env, seed, 0)
	w.patient, w.settled = true, chaosSettled
	kills := map[string]int{}
	agree, revoked, usable, acted := 0, 0, 0, 0
	for cycle := range cycles {
		w.must(w.enter(15))
		w.opened()
		for _, part := range []string{"worker", "nats", "postgres", "authapi", "keycloak"} {
			acted += w.under(kill(s, part, rand.New(rand.NewSource(seed+cycle)))) //nolint:gosec // a choice that can be repeated
			kills[part]++
		}
		w.heard(s)
		for range 40 { // what a kill left half done meets what is done in peace
			w.act()
		}
		a, r, u := w.compare(w.verdicts())
		agree, revoked, usable = agree+a, revoked+r, usable+u
		t.Logf("cycle %d: actions=%d agree=%d false_revoked=%d false_usable=%d", cycle+1, acted, a, r, u)
		w.forget()
	}
	lost := w.lost(s)
	verify(t, root, s)
	fmt.Printf("kills=%v actions=%d tokens=%d agree=%d lost=%d false_revoked=%d false_usable=%d seed=%d\n", //nolint:forbidigo // the contract's line
		kills, acted, agree+revoked+usable, agree, lost, revoked, usable, seed)
	if lost > 0 || agree == 0 {
		t.Errorf("%d messages of the log were never applied; %d verdicts agreed", lost, agree)
	}
}

// kill ends a part at a moment of chance, leaves it dead for a while of chance, and starts it.
func kill(s *devstack.Stack, part string, rnd *rand.Rand) func(context.Context) error {
	before, dead := time.Duration(rnd.Intn(500))*time.Millisecond, time.Duration(rnd.Intn(1500))*time.Millisecond
	return func(ctx context.Context) error {
		play.Pause(ctx, before)
		if err := s.Kill(part, syscall.SIGKILL); err != nil {
			return err
		}
		play.Pause(ctx, dead)
		return s.Restart(ctx, part)
	}
}

// under acts on until harm is over. An action that fails because of it is no fault: what it did
// or did not do, Keycloak knows.
func (w *world) under(harm func(context.Context) error) (acted int) {
	w.t.Helper()
	done := make(chan error, 1)
	go func() { done <- harm(w.ctx) }()
	for {
		if err := w.try(); err != nil {
			w.t.Logf("while something is killed: %v", err)
		} else {
			acted++
		}
		select {
		case err := <-done:
			w.must(err)
			return acted
		case <-time.After(pace): // or all are deleted before the cycle is over
		}
	}
}

// forget drops the people and tokens of this cycle.
func (w *world) forget() { w.held, w.people = nil, nil }

// heard waits until the listener is connected again: until then it speaks to nobody.
func (w *world) heard(s *devstack.Stack) {
	w.t.Helper()
	began := time.Now()
	for end := began.Add(patience); time.Now().Before(end); play.Pause(w.ctx, 100*time.Millisecond) {
		conn, err := pgx.Connect(w.ctx, s.Env.DatabaseURL)
		if err != nil {
			continue
		}
		var at int64
		err = conn.QueryRow(w.ctx, "SELECT coalesce(max(received_ms), 0) FROM tokenstate.node_heartbeat").Scan(&at)
		_ = conn.Close(w.ctx)
		if err == nil && at > began.UnixMilli() {
			return
		}
	}
	w.t.Fatal("no heartbeat has come")
}

// lost counts messages of the log that are neither in the journal nor parked.
func (w *world) lost(s *devstack.Stack) (n int) {
	w.t.Helper()
	nc, err := nats.Connect(s.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	w.must(err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	w.must(err)
	st, err := js.Stream(w.ctx, "TOKENSTATE")
	w.must(err)
	conn, err := pgx.Connect(w.ctx, s.Env.DatabaseURL)
	w.must(err)
	defer func() { _ = conn.Close(w.ctx) }()
	var floor uint64
	w.must(conn.QueryRow(w.ctx, "SELECT seq FROM tokenstate.floor").Scan(&floor))
	for seq := st.CachedInfo().State.FirstSeq; seq <= floor; seq++ {
		raw, err := st.GetMsg(w.ctx, seq)
		w.must(err)
		m, err := events.Decode(raw.Data)
		w.must(err)
		var there bool
		w.must(conn.QueryRow(w.ctx, "SELECT EXISTS (SELECT FROM tokenstate.journal WHERE id = $1) OR EXISTS (SELECT FROM tokenstate.parked WHERE seq = $2)", m.ID, int64(seq)).Scan(&there)) //nolint:gosec // a sequence
		if !there {
			n++
			w.t.Errorf("message %d, %s, was never applied", seq, m.ID)
		}
	}
	return n
}

func verify(t *testing.T, root string, s *devstack.Stack) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".dev", "bin", "revocation-worker"), "verify") //nolint:gosec // our own program
	cmd.Env = s.Env.Pairs()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}
