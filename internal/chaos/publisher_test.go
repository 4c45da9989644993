//go:build chaos

package chaos

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
)

// publisher does what the listener does after Keycloak's commit: the event and a look at once, each repeated
// under its own id until NATS has acknowledged it.
type publisher struct {
	w      *world
	ledger *ledger
	nc     *nats.Conn
	js     jetstream.JetStream
	queue  chan events.Message
	left   atomic.Int64 // messages that are not acknowledged yet
	// careless is the comparator: it publishes within the request and does not wait for an acknowledgement.
	careless bool
	instance string
	faults   sync.Map // id → text, for who has to find out why nothing moves
}

func newPublisher(t *testing.T, w *world, l *ledger, url string, careless bool) *publisher {
	t.Helper()
	nc, err := nats.Connect(url, nats.CustomInboxPrefix("_INBOX_kc"), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond),
		nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	must(t, err)
	js, err := jetstream.New(nc)
	must(t, err)
	p := &publisher{w: w, ledger: l, nc: nc, js: js, queue: make(chan events.Message, 10_000), careless: careless, instance: uuid.NewString()}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { p.deliver(ctx) })
	}
	all.Go(func() { p.beat(ctx) })
	t.Cleanup(func() { cancel(); all.Wait(); nc.Close() })
	return p
}

// tell changes a user, and tells of it.
func (p *publisher) tell(u *user, what string, h events.Happened, change func()) {
	id := uuid.NewString()
	h.Event, h.User = id, u.id
	p.w.mu.Lock()
	at := p.w.now()
	p.w.changed(u, what, change)
	o := p.w.look(u.id)
	cause := events.Cause{Event: id, Type: h.Type, At: at}
	if h.Type == "LOGOUT" { // only sessions are looked at, and the event names one as ended
		cause.Session, o = h.Session, &events.Observation{Rosters: o.Rosters}
	}
	o.Causes = []events.Cause{cause}
	p.w.mu.Unlock()
	p.send(events.Message{ID: id + "/l", Realm: realm, At: at, Node: node, Server: "26.7.3", Source: events.Listener, Body: &h})
	p.send(events.Message{ID: uuid.NewString(), Realm: realm, At: at, Node: node, Server: "26.7.3", Source: events.Listener, Body: o})
}

func (p *publisher) send(m events.Message) {
	if p.careless {
		_ = p.publishBlindly(m)
		return
	}
	p.left.Add(1)
	p.queue <- m
}

// publishBlindly is what many a plugin does: the library takes the bytes, and the request goes on.
func (p *publisher) publishBlindly(m events.Message) error {
	raw, err := events.Encode(m)
	if err == nil {
		_ = p.nc.PublishMsg(&nats.Msg{Subject: events.Subject(m), Data: raw, Header: nats.Header{"Nats-Msg-Id": {m.ID}}})
	}
	return p.ledger.note(line{What: "told", Who: about(m), ID: m.ID})
}

func (p *publisher) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-p.queue:
			p.until(ctx, m)
		}
	}
}

func (p *publisher) until(ctx context.Context, m events.Message) {
	for ctx.Err() == nil {
		seq, err := p.once(ctx, m)
		if err == nil {
			if m.Realm != events.NoRealm { // nothing depends on a heartbeat
				err = p.ledger.note(line{What: "told", Who: about(m), ID: m.ID, Seq: seq})
			}
			if err == nil {
				p.left.Add(-1)
				return
			}
		}
		p.faults.Store(m.ID, err.Error())
		play.Pause(ctx, 50*time.Millisecond)
	}
}

func (p *publisher) once(ctx context.Context, m events.Message) (uint64, error) {
	raw, err := events.Encode(m)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	ack, err := p.js.PublishMsg(ctx, &nats.Msg{Subject: events.Subject(m), Data: raw, Header: nats.Header{"Nats-Msg-Id": {m.ID}}})
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// beat tells each second that everything was delivered.
func (p *publisher) beat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			at, left := p.w.clock(), int(p.left.Load())
			h := &events.Heartbeat{Queued: left, Instance: p.instance, Resource: 1}
			if left > 0 {
				h.Oldest = at - 60_000
			}
			_, _ = p.once(ctx, events.Message{ID: uuid.NewString(), Realm: events.NoRealm, At: at, Node: node, Source: events.Listener, Body: h})
		}
	}
}

// about is whom a message is about, for the ledger's reader.
func about(m events.Message) string {
	switch b := m.Body.(type) {
	case *events.Happened:
		return b.Type + " " + b.User
	case *events.Observation:
		if len(b.Rosters) > 0 {
			return "look at " + b.Rosters[0].User
		}
	}
	return "look"
}
