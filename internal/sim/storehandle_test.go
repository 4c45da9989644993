package sim

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// storeHandle is the database as one process has it.
type storeHandle struct {
	s *memoryStore
	*link
}

// ask is a call that gives something.
func ask[T any](ctx context.Context, h storeHandle, do func() T) (out T, err error) {
	err = h.pass(ctx, func() error { out = do(); return nil })
	return out, err
}

// Floor implements worker.Store.
func (h storeHandle) Floor(ctx context.Context) (journal.Floor, error) {
	return ask(ctx, h, func() journal.Floor { return h.s.backup().floor })
}

// Apply implements worker.Store.
func (h storeHandle) Apply(ctx context.Context, b journal.Batch) (a journal.Applied, err error) {
	err = h.pass(ctx, func() (err error) { a, err = h.s.apply(b); return err })
	return a, err
}

// Restored implements worker.Epochs.
func (h storeHandle) Restored(ctx context.Context) error {
	return h.pass(ctx, func() error { h.s.beginEpoch(); return nil })
}

// History implements worker.Epochs.
func (h storeHandle) History(ctx context.Context) (string, error) {
	return ask(ctx, h, func() string { return h.s.status().History })
}

// Confirm implements worker.Epochs.
func (h storeHandle) Confirm(ctx context.Context, history string) error {
	return h.pass(ctx, func() error { return h.s.confirm(history) })
}

// Outbox implements worker.Outbox.
func (h storeHandle) Outbox(ctx context.Context, most int) ([]journal.Waiting, error) {
	return ask(ctx, h, func() []journal.Waiting { w := h.s.backup().outbox; return w[:min(most, len(w))] })
}

// Relayed implements worker.Outbox.
func (h storeHandle) Relayed(ctx context.Context, ids []string) error {
	return h.pass(ctx, func() error { h.s.relayed(ids); return nil })
}

// BindClient implements worker.Binder. The model's tokens say their clients.
func (h storeHandle) BindClient(context.Context, string, string, string) (int, error) { return 0, nil }

// Snapshot implements projection.Source.
func (h storeHandle) Snapshot(ctx context.Context, to projection.Taker) error {
	snap, err := ask(ctx, h, h.s.snapshot)
	if err == nil {
		snap.Show(to)
	}
	return err
}

// News implements projection.Source.
func (h storeHandle) News(ctx context.Context, after int64) (projection.News, error) {
	return ask(ctx, h, func() projection.News { return h.s.newsSince(after) })
}

// Status implements projection.Source.
func (h storeHandle) Status(ctx context.Context) (projection.Status, error) {
	return ask(ctx, h, h.s.status)
}

// Wait implements projection.Source.
func (h storeHandle) Wait(ctx context.Context, _ int64, _ <-chan struct{}) error {
	h.s.mu.Lock()
	news := h.s.news
	h.s.mu.Unlock()
	select {
	case <-news:
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// FindKey implements projection.Source.
func (h storeHandle) FindKey(context.Context, string) (apikey.Record, bool, error) {
	return apikey.Record{}, false, nil
}

// FindLegacy implements projection.Source.
func (h storeHandle) FindLegacy(context.Context, []apikey.Sum) ([]apikey.Record, error) {
	return nil, nil
}
