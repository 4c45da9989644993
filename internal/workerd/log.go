package workerd

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// Log is the log as the worker writes to it: within a limit, for it tries again by itself.
type Log struct{ *stream.Log }

// Publish tries for a limited time.
func (l Log) Publish(ctx context.Context, m events.Message) error {
	ctx, cancel := context.WithTimeout(ctx, workerconfig.PublishLimit)
	defer cancel()
	_, err := l.Log.Publish(ctx, m)
	return err
}

// Mark leaves the worker's footprint.
func (l Log) Mark(ctx context.Context, m events.Mark) error {
	return l.Publish(ctx, events.Message{
		ID: uuid.NewString(), Realm: events.NoRealm, At: events.Millis(time.Now().UnixMilli()), Source: events.Worker, Body: &m,
	})
}
