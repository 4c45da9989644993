package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Settings are how the stream is kept; EnsureStream makes them what they must be.
type Settings struct {
	File, LimitsOnly, DiscardNew, DenyDelete, DenyPurge, AllowDirect bool

	MaxAge     time.Duration
	Bounded    bool // by number or size, which would drop messages
	MaxMessage int32
	Subjects   []string
	Duplicates time.Duration
	Replicas   int
}

// Settings asks the server for them.
func (l *Log) Settings(ctx context.Context) (Settings, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return Settings{}, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	c := s.CachedInfo().Config
	return Settings{
		File: c.Storage == jetstream.FileStorage, LimitsOnly: c.Retention == jetstream.LimitsPolicy,
		DiscardNew: c.Discard == jetstream.DiscardNew,
		DenyDelete: c.DenyDelete, DenyPurge: c.DenyPurge, AllowDirect: c.AllowDirect, MaxAge: c.MaxAge,
		Bounded:    c.Discard != jetstream.DiscardNew && (c.MaxMsgs > 0 || c.MaxBytes > 0) || c.MaxMsgsPerSubject > 0,
		MaxMessage: c.MaxMsgSize, Subjects: c.Subjects, Duplicates: c.Duplicates, Replicas: c.Replicas,
	}, nil
}
