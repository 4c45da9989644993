package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// Loss says that the log is not the one that was read, or lacks a part of it. Facts stay; what
// is missing must come from backfill and looks.
type Loss struct {
	Reason string
	Floor  journal.Floor
	Info   journal.Extent
}

// start is where reading begins.
type start struct {
	history string        // of the store, from before its floor was read
	floor   journal.Floor // the store's own
	after   uint64        // sequence to read after; differs from floor.Seq after a loss
	info    journal.Extent
	loss    *Loss
	told    bool // the store knows already that it was restored
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// locate asks the log before the floor: every mark up to info.Last was then committed before
// the floor was read, so a greater one proves a restored database and not a busy rival.
func (w *Worker) locate(ctx context.Context) (start, error) {
	info, err := w.Log.Info(ctx)
	if err != nil {
		return start{}, err
	}
	info.Created = info.Created.UTC().Truncate(time.Microsecond)
	history, err := w.Epochs.History(ctx)
	if err != nil {
		return start{}, err
	}
	floor, err := w.Store.Floor(ctx)
	if err != nil {
		return start{}, err
	}
	s := start{history: history, floor: floor, after: floor.Seq, info: info}
	reason, err := w.changed(ctx, floor, info)
	if err != nil {
		return start{}, err
	}
	if reason != "" {
		s.loss = &Loss{Reason: reason, Floor: floor, Info: info}
		s.after = max(info.First, 1) - 1
	} else if w.gap != nil && w.gap.Want == floor.Seq+1 {
		s.after = w.gap.Got - 1
	}
	return s, nil
}

// changed says in which way the log is not the one that the floor stands in; "" if it is.
func (w *Worker) changed(ctx context.Context, f journal.Floor, i journal.Extent) (string, error) {
	switch {
	case f.Seq == 0 && i.First > 1:
		return "the log does not begin at its first message", nil
	case f.Seq == 0:
		return "", nil
	case f.Stream != i.Name || !f.Created.Truncate(time.Microsecond).Equal(i.Created):
		return "the log was re-created", nil
	case i.Last < f.Seq:
		return "the log ends before the floor: it was truncated", nil
	case i.First > f.Seq+1:
		return "the log begins after the floor: messages expired unread", nil
	}
	raw, err := w.Log.At(ctx, f.Seq)
	switch {
	case errors.Is(err, journal.ErrMissing):
		return "", nil // expired, but what follows is there
	case err != nil:
		return "", fmt.Errorf("check the message at the floor: %w", err)
	case digest(raw) != f.Digest:
		return "another message lies at the floor: the log was truncated and written again", nil
	}
	return "", nil
}
