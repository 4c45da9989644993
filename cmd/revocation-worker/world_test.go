package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const limit = 2 * time.Minute

// world is a real Postgres, a real NATS with the rights of deploy/nats.conf, and a worker that
// reads; there is no Keycloak, whose words the test says itself.
type world struct {
	t    *testing.T
	nats *testenv.NATS

	natsURL string // the worker's
	url     string
	pool    *pgxpool.Pool
	st      *postgres.Store
	stop    func()
	as      map[string]jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, nats: testenv.NewNATS(t), as: map[string]jetstream.JetStream{}}
	w.natsURL = w.nats.URL(testenv.Worker)
	w.database(testenv.Database(t, postgres.MigrateURL))
	t.Setenv("NATS_URL", w.nats.URL(testenv.Operator))
	t.Setenv("KEYCLOAK_REALM", "") // make test's
	w.work()
	return w
}

// database makes url the one that commands and this test use.
func (w *world) database(url string) {
	w.t.Helper()
	pool, err := pgxpool.New(w.t.Context(), url)
	must(w.t, err)
	w.t.Cleanup(pool.Close)
	w.url, w.pool, w.st = url, pool, postgres.New(pool)
	w.t.Setenv("DATABASE_URL", url)
}

// work starts a worker without looks; stop ends it.
func (w *world) work() {
	w.t.Helper()
	log, err := stream.Connect(w.t.Context(), stream.Options{URL: w.natsURL, Inbox: "_INBOX_wo", Name: "worker", Logger: zerolog.Nop()})
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	one := &worker.Worker{Log: theLog{log}, Store: w.st, Epochs: w.st, Logger: zerolog.Nop()}
	go func() { defer close(done); _ = one.Run(ctx) }()
	stopped := false
	w.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			<-done
			log.Close()
		}
	}
	w.t.Cleanup(w.stop)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// say publishes raw as whoever may; id is JetStream's, not the message's.
func (w *world) say(subject, id string, raw []byte) uint64 {
	w.t.Helper()
	who, inbox := testenv.Worker, "_INBOX_wo"
	told := strings.Contains(subject, ".event.") || strings.Contains(subject, ".observation.") // by the listener, if no source ends it
	switch {
	case strings.Contains(subject, ".heartbeat."), told && strings.Count(subject, ".") == 4:
		who, inbox = testenv.Listener, "_INBOX_kc"
	case strings.Contains(subject, ".pardon."):
		who, inbox = testenv.Operator, "_INBOX_op"
	}
	js := w.as[who]
	if js == nil {
		nc, err := nats.Connect(w.nats.URL(who), nats.CustomInboxPrefix(inbox))
		must(w.t, err)
		w.t.Cleanup(nc.Close)
		js, err = jetstream.New(nc)
		must(w.t, err)
		w.as[who] = js
	}
	ack, err := js.Publish(w.t.Context(), subject, raw, jetstream.WithMsgID(id))
	must(w.t, err)
	return ack.Sequence
}

// applied waits until the worker has committed a sequence.
func (w *world) applied(seq uint64) {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(limit); ; {
		f, err := w.st.Floor(w.t.Context())
		if err == nil && f.Seq >= seq {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("sequence %d is not applied, the floor is %d, %v", seq, f.Seq, err)
		}
	}
}

// run is one command, as a user types it.
func (w *world) run(args ...string) (string, error) {
	w.t.Helper()
	var out bytes.Buffer
	app := program()
	app.Writer = &out
	err := app.Run(w.t.Context(), append([]string{"revocation-worker"}, args...))
	return out.String(), err
}

// must runs a command that may not fail.
func (w *world) must(args ...string) string {
	w.t.Helper()
	out, err := w.run(args...)
	if err != nil {
		w.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) json(into any, args ...string) {
	w.t.Helper()
	must(w.t, json.Unmarshal([]byte(w.must(append(args, "-o", "json")...)), into))
}

func (w *world) dump() string {
	w.t.Helper()
	f, _, err := w.st.Facts(w.t.Context())
	must(w.t, err)
	var b bytes.Buffer
	must(w.t, f.Dump(&b))
	return b.String()
}

// dropFacts is an operator's accident.
func (w *world) dropFacts() {
	w.t.Helper()
	for _, kind := range []string{"standing", "look", "sighting", "refusal", "cutoff", "pardon", "doubt"} {
		_, err := w.pool.Exec(w.t.Context(), "TRUNCATE tokenstate.fact_"+kind)
		must(w.t, err)
	}
}

// users are a few, so that messages meet.
func user(n int) string    { return fmt.Sprintf("user-%d", n%7) }
func session(n int) string { return fmt.Sprintf("session-%d", n%11) }

// began is near the log's time: what arrives much later than it was sent is looked at again.
// A test that wants nobody in doubt begins anew, for by its turn that may be long ago.
var began = recently()

func recently() events.Millis { return events.Millis(time.Now().Add(-30 * time.Second).UnixMilli()) }

// message number n of a history with every kind of message.
func message(n int) events.Message {
	at := began + events.Millis(n)*100
	m := events.Message{ID: fmt.Sprintf("message-%06d", n), Realm: "demo", At: at, Node: "n1", Server: "26.7.3", Source: events.Listener}
	event := fmt.Sprintf("event-%06d", n)
	switch n % 8 {
	case 0:
		m.Body = &events.Happened{Event: event, Kind: "user", Type: "LOGOUT", User: user(n), Session: session(n), Details: map[string]string{"username": "do-not-keep"}}
	case 1:
		m.Body = &events.Observation{
			Causes:  []events.Cause{{Event: fmt.Sprintf("event-%06d", n-1), Type: "LOGOUT", Session: session(n - 1), At: at - 100}},
			User:    &events.UserLook{User: user(n - 1), Enabled: n%3 > 0, OfflineAccess: true},
			Rosters: []events.Roster{{User: user(n - 1), Complete: true, Sessions: []events.ClientSession{{Session: session(n), Client: "c1", ClientID: "app", Start: 1_700_000_000}}}},
		}
	case 2:
		m.Body = &events.Observation{Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}}, Realm: &events.RealmLook{Enabled: true}}
	case 3:
		m.Source, m.Node = events.Authapi, ""
		m.Body = &events.Order{Order: events.OrderRefresh, By: "authapi", User: user(n), Session: session(n), Client: "c1", IssuedAt: 1_700_000_000, Refused: n%2 > 0, RetryAt: at + 60_000}
	case 4:
		m.Source, m.Node = events.Authapi, ""
		m.Body = &events.Order{Order: events.OrderStanding, By: "backend", User: user(n), Enabled: n%3 == 0, Reason: "because"}
	case 5:
		m.Source, m.Node = events.Operator, ""
		m.Body = &events.Order{Order: events.OrderRevoke, By: "operator", User: user(n), Before: at.Second() - 1000, Tokens: true, Reason: "because"}
	case 6:
		m.Source, m.Node = events.Backfill, ""
		m.Body = &events.Happened{Event: event, Kind: "admin", Type: "UPDATE USER", Path: "users/" + user(n)}
	default:
		m.Node = "n2"
		m.Body = &events.Heartbeat{}
	}
	return m
}

// history publishes messages from, …, to-1 and waits until they are applied.
func (w *world) history(from, to int) {
	w.t.Helper()
	var seq uint64
	for n := from; n < to; n++ {
		m := message(n)
		raw, err := events.Encode(m)
		must(w.t, err)
		seq = w.say(events.Subject(m), m.ID, raw)
	}
	w.applied(seq)
}

func itoa(seq uint64) string { return strconv.FormatUint(seq, 10) }

func token(n int) tokenstate.Token {
	return tokenstate.Token{Realm: "demo", User: user(n), ClientID: "app", Session: session(n), IssuedAt: 1_699_999_000}
}
