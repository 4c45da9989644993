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
	devstack.AsNATS()
	os.Exit(m.Run())
}

// pace is the pause between two actions.
const pace = 50 * time.Millisecond

// Ensure that killing each process with SIGKILL, again and again while people act, loses no
// message and makes no verdict false.
func TestKillsLoseNothing(t *testing.T) {
	seed := number("CHAOS_SEED", time.Now().UnixNano()%1_000_000_000)
	cycles := number("CHAOS_CYCLES", 0)
	if cycles == 0 {
		t.Skip("CHAOS_CYCLES says how often: run `make chaos`")
	}
	w := start(t, devstack.Options{}, "chaos").by(seed)
	w.patient, w.settled = true, unheard
	kills := map[string]int{}
	acted := 0
	var total tally
	for cycle := range cycles {
		w.must(w.enter(15))
		w.opened()
		for _, part := range []string{"worker", "nats", "postgres", "authapi", "keycloak"} {
			acted += w.under(kill(w.stack, part, rand.New(rand.NewSource(seed+cycle))))
			kills[part]++
		}
		w.heard()
		for range 40 { // what a kill left half done meets what is done in peace
			w.any()
		}
		got, _ := w.compare()
		total = total.plus(got)
		t.Logf("cycle %d: actions=%d %s", cycle+1, acted, got)
		w.forget()
	}
	lost := w.lost()
	w.verify()
	fmt.Printf("kills=%v actions=%d lost=%d %s seed=%d\n", kills, acted, lost, total, seed) //nolint:forbidigo // the contract's line
	if lost > 0 || total.agree == 0 {
		t.Errorf("%d messages of the log were never applied; %d verdicts agreed", lost, total.agree)
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

// under acts on until harm is over, and counts.
func (w *world) under(harm func(context.Context) error) (acted int) {
	w.t.Helper()
	done := make(chan error, 1)
	go func() { done <- harm(w.ctx) }()
	for {
		w.any()
		acted++
		select {
		case err := <-done:
			w.must(err)
			return acted
		case <-time.After(pace): // or all are deleted before the cycle is over
		}
	}
}

// any does something to somebody, or, one time in ten, to all.
func (w *world) any() {
	if w.rnd.Intn(10) == 0 {
		w.play(chance(ofAll, w.rnd), w.everybody)
		return
	}
	w.play(chance(ofOne, w.rnd), w.people[w.rnd.Intn(len(w.people))])
}

// heard waits until the listener is connected again: until then it speaks to nobody.
func (w *world) heard() {
	w.t.Helper()
	began := time.Now()
	for end := began.Add(patience); time.Now().Before(end); play.Pause(w.ctx, 100*time.Millisecond) {
		conn, err := pgx.Connect(w.ctx, w.stack.Env.DatabaseURL)
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
func (w *world) lost() (n int) {
	w.t.Helper()
	nc, err := nats.Connect(w.stack.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	w.must(err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	w.must(err)
	st, err := js.Stream(w.ctx, "TOKENSTATE")
	w.must(err)
	conn, err := pgx.Connect(w.ctx, w.stack.Env.DatabaseURL)
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
		w.must(conn.QueryRow(w.ctx, "SELECT EXISTS (SELECT FROM tokenstate.journal WHERE id = $1) OR EXISTS (SELECT FROM tokenstate.parked WHERE seq = $2)", m.ID, int64(seq)).Scan(&there))
		if !there {
			n++
			w.t.Errorf("message %d, %s, was never applied", seq, m.ID)
		}
	}
	return n
}

// verify holds the facts to the journal.
func (w *world) verify() {
	w.t.Helper()
	cmd := exec.CommandContext(w.ctx, filepath.Join("..", "..", ".dev", "bin", "revocation-worker"), "verify")
	cmd.Env = w.stack.Env.Pairs()
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("verify: %v\n%s", err, out)
	}
}
