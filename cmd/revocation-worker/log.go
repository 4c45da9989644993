package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// publishLimit bounds what stream.Log.Publish would try for ever.
const publishLimit = 10 * time.Second

// theLog is the log as the worker writes to it: within a limit, for it tries again by itself.
type theLog struct{ *stream.Log }

// Read is the log's own, as the worker's port names it.
func (l theLog) Read(ctx context.Context, floor uint64) (journal.Reader, error) {
	r, err := l.Log.Read(ctx, floor)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (l theLog) Publish(ctx context.Context, m events.Message) error {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	_, err := l.Log.Publish(ctx, m)
	return err
}

// Mark leaves the worker's footprint.
func (l theLog) Mark(ctx context.Context, m events.Mark) error {
	return l.Publish(ctx, events.Message{
		ID: uuid.NewString(), Realm: events.NoRealm, At: events.Millis(time.Now().UnixMilli()), Source: events.Worker, Body: &m,
	})
}
