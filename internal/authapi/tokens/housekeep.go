package tokens

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	maxGone    = 10_000 // access tokens that wait to be forgotten by all replicas
	pruneEvery = time.Minute
	tidyLimit  = 5 * time.Second
)

// Installed drops access tokens that a fact has made unusable, so that they are not given out
// again even if the next fact makes the offline token usable. It is told each change that
// answers reflect, and must not wait.
func (s *Service) Installed(c projection.Change) {
	scope, ok := scopeOf(c.Fact)
	if !ok {
		return
	}
	s.forgetUnusable(s.access.within(scope))
}

// Loaded does so after a snapshot, which does not say what has changed.
func (s *Service) Loaded() { s.forgetUnusable(s.access.all()) }

func (s *Service) forgetUnusable(ts []tokenstate.Token) {
	for _, t := range ts {
		if v := s.Gate.Known.Judge(t); v.State != tokenstate.Usable {
			s.forget(t)
		}
	}
}

// forget makes no replica give an access token out again.
func (s *Service) forget(t tokenstate.Token) {
	s.access.drop(seatOf(t))
	select {
	case s.access.gone <- t:
	default: // a mass logout: the rows end by themselves within minutes
	}
}

// scopeOf is what a fact reaches; pardons and doubts close nothing.
func scopeOf(r tokenstate.Row) (tokenstate.Scope, bool) {
	switch f := r.(type) {
	case tokenstate.StandingRow:
		return f.Subject.Scope, true
	case tokenstate.LookRow:
		return f.Scope, true
	case tokenstate.SightingRow:
		return f.ID.Seat, true
	case tokenstate.RefusalRow:
		return f.ID.Scope, true
	case tokenstate.CutoffRow:
		return f.Scope, true
	}
	return tokenstate.Scope{}, false
}

// Housekeep forgets access tokens at the other replicas, and removes what has expired, until ctx
// ends. What fails is done by time: an access token lives for minutes.
func (s *Service) Housekeep(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case t := <-s.access.gone:
			err = within(ctx, func(ctx context.Context) error { return s.Turns.Forget(ctx, t) })
		case <-tick.C:
			err = within(ctx, s.Turns.Prune)
		}
		if err != nil && ctx.Err() == nil {
			s.Gate.Logger.Warn().Err(err).Msg("cannot tidy up access tokens")
		}
	}
}

func within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, tidyLimit)
	defer cancel()
	return do(ctx)
}
