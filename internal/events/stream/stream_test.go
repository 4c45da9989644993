package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the embedded server did not start")
	}
	t.Cleanup(func() { stop(s) })
	return s
}

func stop(s *server.Server) { s.Shutdown(); s.WaitForShutdown() }

func open(t *testing.T, ctx context.Context, s *server.Server) *Log {
	t.Helper()
	l, err := Connect(ctx, Options{URL: s.ClientURL(), Name: "test", Inbox: "_INBOX_op", Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := l.EnsureStream(ctx, 1); err != nil {
		t.Fatal(err)
	}
	return l
}

func pardon(i int) events.Message {
	return events.Message{
		ID: fmt.Sprintf("message-%04d", i), Realm: "demo", At: 1_700_000_000_000, Source: events.Operator,
		Body: &events.Pardon{Cause: "cause-0001", By: "someone", Reason: "test"},
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func publish(t *testing.T, ctx context.Context, l *Log, i int) uint64 {
	t.Helper()
	seq, err := l.Publish(ctx, pardon(i))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func want(t *testing.T, ctx context.Context, r *Reader, seq uint64) {
	t.Helper()
	e, err := r.Next(ctx)
	if err != nil || e.Seq != seq {
		t.Fatalf("want sequence %d, got %d, %v", seq, e.Seq, err)
	}
}

func TestADuplicateIDHasTheSameSequence(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	if a, b := publish(t, ctx, l, 1), publish(t, ctx, l, 1); a != b {
		t.Fatalf("sequences %d and %d", a, b)
	}
	if _, err := l.At(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := l.At(ctx, 2); !errors.Is(err, journal.ErrMissing) {
		t.Fatalf("want ErrMissing, got %v", err)
	}
}

// Ensure a message brings the trace of what caused it, whoever wrote the header, and no text of any length.
func TestAMessageBringsItsTrace(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	trace := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, h := range []nats.Header{{"traceparent": {trace}}, {"Traceparent": {trace}}, {"traceparent": {strings.Repeat("0", maxTrace+1)}}, nil} {
		if _, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: events.Subject(pardon(1)), Header: h, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	for _, want := range []string{trace, trace, "", ""} {
		if e, err := r.Next(ctx); err != nil || e.Trace != want {
			t.Errorf("trace %q, want %q, %v", e.Trace, want, err)
		}
	}
}

func TestReadingAndPublishingSurviveARestart(t *testing.T) {
	ctx, dir := within(t), t.TempDir()
	s := start(t, dir, -1)
	l := open(t, ctx, s)
	publish(t, ctx, l, 1)
	before, _ := l.Info(ctx)
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	want(t, ctx, r, 1)
	r.Stop()
	port := s.Addr().String()
	stop(s)
	done := make(chan error, 1)
	go func() { _, err := l.Publish(ctx, pardon(2)); done <- err }()
	var p int
	if _, err := fmt.Sscanf(port[len("127.0.0.1:"):], "%d", &p); err != nil {
		t.Fatal(err)
	}
	start(t, dir, p)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r, err = l.read(ctx, 1); err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	want(t, ctx, r, 2)
	if after, err := l.Info(ctx); err != nil || !after.Created.Equal(before.Created) {
		t.Fatalf("identity changed over a restart: %v", err)
	}
}

func TestATruncatedHeadIsAGap(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	if err := l.js.DeleteStream(ctx, Name); err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.CreateStream(ctx, jetstream.StreamConfig{Name: Name, Subjects: []string{"tokenstate.v1.>"}, FirstSeq: 5, AllowDirect: true}); err != nil {
		t.Fatal(err)
	}
	publish(t, ctx, l, 1)
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	var gap *journal.GapError
	if _, err := r.Next(ctx); !errors.As(err, &gap) || gap.Want != 1 || gap.Got != 5 {
		t.Fatalf("want a gap from 1 to 5, got %v", err)
	}
}

// Ensure that what is passed over is a gap only where the log has it no more: a replica that lagged after the loss of
// its leader delivered from later on, and hundreds of messages that were there were taken for lost.
func TestWhatIsThereIsNoGap(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	if err := l.js.DeleteStream(ctx, Name); err != nil {
		t.Fatal(err)
	}
	s, err := l.js.CreateStream(ctx, jetstream.StreamConfig{Name: Name, Subjects: []string{"tokenstate.v1.>"}, AllowDirect: true}) // may delete
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		publish(t, ctx, l, i+1)
	}
	read := func() error {
		r, err := l.read(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Stop()
		r.next = 2 // and the consumer delivers the third
		_, err = r.Next(ctx)
		return err
	}
	var gap *journal.GapError
	if err := read(); !errors.Is(err, ErrSkipped) || errors.As(err, &gap) {
		t.Errorf("the second message is there: %v", err)
	}
	if err := s.DeleteMsg(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := read(); !errors.As(err, &gap) || gap.Want != 2 || gap.Got != 3 {
		t.Errorf("the second message is gone: %v", err)
	}
}

func TestReadingSurvivesTheLossOfItsConsumer(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	publish(t, ctx, l, 1)
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	want(t, ctx, r, 1)
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		t.Fatal(err)
	}
	deleted := 0
	for name := range s.ConsumerNames(ctx).Name() {
		if err := s.DeleteConsumer(ctx, name); err != nil {
			t.Fatal(err)
		}
		deleted++
	}
	if deleted == 0 {
		t.Fatal("no consumer to delete")
	}
	publish(t, ctx, l, 2)
	want(t, ctx, r, 2)
}

func TestARecreatedStreamHasAnotherIdentity(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	for range 20 { // now and then the server is still removing the old one's directory
		before, _ := l.Info(ctx)
		if err := l.js.DeleteStream(ctx, Name); err != nil {
			t.Fatal(err)
		}
		if err := l.EnsureStream(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if after, err := l.Info(ctx); err != nil || after.Created.Equal(before.Created) {
			t.Fatalf("same identity, %v", err)
		}
	}
}
