package pgsource

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// Snapshot implements projection.Source.
func (s *Standby) Snapshot(ctx context.Context, to projection.Taker) error {
	if s.broke.Swap(false) {
		return s.Source.Snapshot(ctx, to)
	}
	begun, err := s.snapshot(ctx, to)
	if err != nil && !begun && ctx.Err() == nil {
		s.log.Warn().Err(err).Msg("a snapshot is read from the primary, and not from the standby of DATABASE_READ_URL")
		return s.Source.Snapshot(ctx, to)
	}
	s.broke.Store(err != nil)
	return err
}

// snapshot shows one of the standby, once it has what the primary has. begun: something was shown.
func (s *Standby) snapshot(ctx context.Context, to projection.Taker) (begun bool, err error) {
	least, _, err := s.state.Head(ctx)
	if err == nil {
		err = s.reach(ctx, least)
	}
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = s.read.Snapshot(ctx, &proven{Taker: to, begin: func(version int64, nonce string) {
		known, err := s.ancestor(ctx, version)
		switch {
		case err != nil:
		case known.Nonce != nonce:
			err = errStranger
		case version < least:
			err = errBehind // another standby than the one that was asked
		}
		if err != nil {
			cancel(err)
			return
		}
		begun = true
		to.Begin(version, nonce)
	}})
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return begun, err
}

// reach waits until the standby is at a version.
func (s *Standby) reach(ctx context.Context, version int64) error {
	ctx, cancel := context.WithTimeout(ctx, s.catchUp)
	defer cancel()
	for {
		at, _, err := s.read.state.Head(ctx)
		if err != nil || at >= version {
			return err
		}
		if pause.For(ctx, between) != nil {
			return fmt.Errorf("%w: it is at version %d, the primary at %d", errBehind, at, version)
		}
	}
}

// proven shows a snapshot to whom begin lets it.
type proven struct {
	projection.Taker

	begin func(version int64, nonce string)
}

// Begin implements projection.Taker.
func (p *proven) Begin(version int64, nonce string) { p.begin(version, nonce) }
