//go:build harm

package harm

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/play"
)

// floodBytes is what five minutes of one account's logins may add to the log.
const floodBytes = 5 << 20

// Ensure one account that logs in ten times a second cannot fill the log.
func TestFlood(t *testing.T) {
	seconds := number("HARM_FLOOD_S", 300)
	w := start(t, "harm-flood")
	nc, err := nats.Connect(w.stack.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	must(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(t, err)
	_, name, err := w.with.user(w.ctx)
	must(t, err)
	before, messages := stored(t, js)
	logins := 0
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < time.Duration(seconds)*time.Second {
		<-tick.C
		_, err := w.with.Grant(w.ctx, "app", name, play.Offline)
		must(t, err)
		logins++
	}
	took := time.Since(began)
	play.Pause(w.ctx, 2*drained)
	after, more := stored(t, js)
	say("flood seconds=%.0f logins=%d messages=%d bytes=%d", took.Seconds(), logins, more-messages, after-before)
	if allowed := uint64(floodBytes * max(took.Seconds(), 30) / 300); after-before > allowed {
		t.Errorf("%d logins of one account added %d bytes to the log, more than %d", logins, after-before, allowed)
	}
}

func stored(t *testing.T, js jetstream.JetStream) (bytes, messages uint64) {
	t.Helper()
	s, err := js.Stream(t.Context(), "TOKENSTATE")
	must(t, err)
	info, err := s.Info(t.Context())
	must(t, err)
	return info.State.Bytes, info.State.Msgs
}
