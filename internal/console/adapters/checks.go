package adapters

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Checks compare with the rights of tokenstate_console, which reads only.
type Checks struct {
	Store *postgres.Store
	Held  *keyrows.Store
}

// Verify implements console.Checks.
func (c Checks) Verify(ctx context.Context, seen func(done, of int64)) (page.Outcome, error) {
	var r recovery.Report
	err := c.Store.Freeze(ctx, false, func(ctx context.Context, z postgres.Frozen) (err error) {
		r, err = recovery.Verify(ctx, z, nil, seen)
		return err
	})
	o := page.Outcome{Sound: r.Sound(), Found: r.Found() + "."}
	for _, kind := range []struct {
		name  string
		lines []string
	}{{"missing fact", r.Missing}, {"extra fact", r.Extra}, {"different fact", r.Different}, {"view", r.View}} {
		for _, line := range kind.lines {
			o.Lines = append(o.Lines, kind.name+": "+line)
		}
	}
	return o, err
}

// Replay implements console.Checks.
func (c Checks) Replay(ctx context.Context, seen func(done, of int64)) (page.Outcome, error) {
	src, err := recovery.ReadJournal(ctx, c.Store)
	if err != nil {
		return page.Outcome{}, err
	}
	progress := func(at uint64) { seen(int64(at), int64(src.Total())) }
	r, err := recovery.Replay(ctx, src, readOnly(c), recovery.Options{DryRun: true, Progress: progress})
	if err != nil {
		return page.Outcome{}, err
	}
	o := page.Outcome{Sound: len(r.Differences) == 0}
	o.Found = fmt.Sprintf("%d messages were read, of which %d could not be; %d verdicts would change.", r.Read, r.Parked, len(r.Differences))
	for _, d := range r.Differences {
		o.Lines = append(o.Lines, fmt.Sprintf("%s of user %s of realm %s: %s → %s, because of %s",
			d.What, d.User, d.Realm, d.Before, d.After, d.Because))
	}
	return o, nil
}

// readOnly is a database that nothing is written to.
type readOnly Checks

var errReads = errors.New("the console writes nothing")

// JournalHas implements recovery.Store.
func (c readOnly) JournalHas(ctx context.Context, ids []string) (map[string]journal.Line, error) {
	return c.Store.JournalHas(ctx, ids)
}

// Relearn implements recovery.Store: a dry run does not come here.
func (readOnly) Relearn(context.Context, recovery.Learnt) (int, error) { return 0, errReads }

// ReplayAt implements recovery.Store.
func (readOnly) ReplayAt(context.Context, string) (uint64, error) { return 0, errReads }

// EndReplay implements recovery.Store.
func (readOnly) EndReplay(context.Context, string) error { return errReads }

// State implements recovery.Store: all of one instant, but for the keys, which are read behind it in pages.
func (c readOnly) State(ctx context.Context) (s recovery.State, err error) {
	err = c.Store.Freeze(ctx, false, func(ctx context.Context, z postgres.Frozen) (err error) {
		if s.Facts, err = z.Facts(ctx); err != nil {
			return err
		}
		s.Tokens, s.Rules, err = z.Tokens(ctx)
		return err
	})
	if err == nil {
		s.Keys, err = c.keys(ctx)
	}
	return s, err
}

const keyPage = 5000

func (c readOnly) keys(ctx context.Context) (all []apikey.Record, err error) {
	for after := ""; ; {
		some, err := c.Held.ListedKeys(ctx, keyrows.ListFilter{After: after, Most: keyPage})
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			all = append(all, k.Record)
		}
		if len(some) < keyPage {
			return all, nil
		}
		after = some[len(some)-1].ID
	}
}
