package stream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
)

// silent is a consumer that delivers nothing, as NATS's have done now and then.
type silent struct{ jetstream.MessagesContext }

func (silent) Next(...jetstream.NextOpt) (jetstream.Msg, error) {
	return nil, context.DeadlineExceeded
}

// Ensure a reader that gets nothing notices that the log holds more, and waits on where it does not.
func TestAStallIsNoticed(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	r.msgs = silent{r.msgs}
	if more, err := r.behind(ctx); more || err != nil {
		t.Fatalf("an empty log holds more: %v %v", more, err)
	}
	publish(t, ctx, l, 1)
	if _, err := r.Next(ctx); !errors.Is(err, ErrStalled) {
		t.Fatalf("%v", err)
	}
}

// Ensure a log that is made anew behind a reader's back, and is longer already than what was read, is not read on
// as if its messages were the next ones.
func TestALogMadeAnewIsNoticedWhileItIsRead(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	publish(t, ctx, l, 1)
	r, err := l.read(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	want(t, ctx, r, 1)
	if err := l.js.DeleteStream(ctx, Name); err != nil {
		t.Fatal(err)
	}
	if err := l.EnsureStream(ctx, 1); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		publish(t, ctx, l, 10+i)
	}
	r.checked = time.Time{} // so long ago that it is asked again
	if _, err := r.behind(ctx); !errors.Is(err, ErrReplaced) {
		t.Fatalf("%v", err)
	}
}

// Ensure a message on a subject that another stream has taken is not counted as being in the log.
func TestAMessageGoesToTheLogOrNowhere(t *testing.T) {
	ctx := within(t)
	l := open(t, ctx, start(t, t.TempDir(), -1))
	if err := l.js.DeleteStream(ctx, Name); err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.CreateStream(ctx, jetstream.StreamConfig{Name: "ANOTHER", Subjects: []string{events.SubjectPrefix + ">"}}); err != nil {
		t.Fatal(err)
	}
	raw, err := events.Encode(pardon(1))
	if err != nil {
		t.Fatal(err)
	}
	if ack, err := l.publishOnce(ctx, &nats.Msg{Subject: events.Subject(pardon(1)), Data: raw}); err == nil {
		t.Fatalf("it is in %s, and counts as told", ack.Stream)
	}
}
