package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// publishLimit bounds what stream.Log.Publish would try for ever.
const publishLimit = 10 * time.Second

// theLog joins stream.Log to the interfaces of the worker.
type theLog struct{ *stream.Log }

func (l theLog) Info(ctx context.Context) (worker.Info, error) {
	i, err := l.Log.Info(ctx)
	return worker.Info(i), err //nolint:wrapcheck // joins only
}

func (l theLog) At(ctx context.Context, seq uint64) ([]byte, error) {
	raw, err := l.Log.At(ctx, seq)
	if errors.Is(err, stream.ErrMissing) {
		err = worker.ErrMissing
	}
	return raw, err //nolint:wrapcheck // joins only
}

func (l theLog) Read(ctx context.Context, floor uint64) (worker.Reader, error) {
	r, err := l.Log.Read(ctx, floor)
	if err != nil {
		return nil, err //nolint:wrapcheck // joins only
	}
	return reader{r}, nil
}

func (l theLog) Publish(ctx context.Context, m events.Message) error {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	_, err := l.Log.Publish(ctx, m)
	return err //nolint:wrapcheck // joins only
}

// Mark leaves the worker's footprint.
func (l theLog) Mark(ctx context.Context, m events.Mark) error {
	return l.Publish(ctx, events.Message{
		ID: uuid.NewString(), Realm: events.NoRealm, At: events.Millis(time.Now().UnixMilli()), Source: events.Worker, Body: &m,
	})
}

type reader struct{ *stream.Reader }

func (r reader) Next(ctx context.Context) (worker.Entry, error) {
	e, err := r.Reader.Next(ctx)
	if gap, ok := errors.AsType[*stream.Gap](err); ok {
		return worker.Entry{}, &worker.Gap{Want: gap.Want, Got: gap.Got}
	}
	return worker.Entry(e), err //nolint:wrapcheck // joins only
}
