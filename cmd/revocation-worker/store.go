package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// store joins postgres.Store to the interfaces of the worker.
type store struct{ *postgres.Store }

func (s store) Floor(ctx context.Context) (worker.Floor, error) {
	f, err := s.Store.Floor(ctx)
	return worker.Floor(f), err //nolint:wrapcheck // joins only
}

func (s store) Apply(ctx context.Context, b worker.Batch) error {
	in := postgres.Batch{From: postgres.Floor(b.From), To: postgres.Floor(b.To), Facts: b.Facts, Erase: b.Erase}
	for _, l := range b.Journal {
		in.Journal = append(in.Journal, postgres.Entry(l))
	}
	for _, p := range b.Parked {
		in.Parked = append(in.Parked, postgres.Parked(p))
	}
	for _, h := range b.Heartbeats {
		in.Heartbeats = append(in.Heartbeats, postgres.Heartbeat(h))
	}
	_, err := s.Store.Apply(ctx, in)
	switch {
	case errors.Is(err, postgres.ErrNotActive):
		err = worker.ErrNotActive
	case errors.Is(err, postgres.ErrContent):
		err = fmt.Errorf("%w: %w", worker.ErrContent, err)
	}
	return err //nolint:wrapcheck // joins only
}

func (s store) Outbox(ctx context.Context, most int) ([]worker.Waiting, error) {
	rows, err := s.Store.Outbox(ctx, most)
	var out []worker.Waiting
	for _, r := range rows {
		out = append(out, worker.Waiting{ID: r.ID, Raw: r.Raw})
	}
	return out, err //nolint:wrapcheck // joins only
}
