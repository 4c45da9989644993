package pgsource

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Bounds of reading from a standby.
const (
	standbyLimit = 3 * time.Second        // for it to tell what is new; the primary is asked then
	primaryLimit = 2 * time.Second        // for the primary to say what it knows of that
	catchUp      = 5 * time.Second        // for it to reach the version that the primary is at, before a snapshot is read
	mostBehind   = 3 * time.Second        // for it to get what the primary had; less than any bound of what is believed for a while
	soonest      = 50 * time.Millisecond  // between two questions while somebody waits for a version
	between      = 100 * time.Millisecond // between two looks at how far it is
)

// ErrOtherDatabase says that DATABASE_READ_URL leads to another database than DATABASE_URL.
var ErrOtherDatabase = errors.New("DATABASE_READ_URL leads to another database than DATABASE_URL, and not to a standby of it")

// Faults of a standby, for which the primary is read.
var (
	errStranger = errors.New("the standby has a state that the primary does not know: was the primary restored?")
	errPromoted = errors.New("it is no standby any more: it was promoted")
	errBehind   = errors.New("the standby has not got all that the primary had")
)

// Standby reads from a physical standby what the primary would tell: news, and snapshots. What it says is believed because
// the primary knows it (one small question each time), so several standbys may have one address, and be at different
// versions. While it does not answer, or is not what it should be, the primary is read. Whether a key exists is always asked
// there.
//
// A snapshot is of a version that the primary had when it was begun, or later: a program that starts anew is never behind
// what was answered before. News may be old: AsOf says how old.
type Standby struct {
	*Source // the primary's

	read *Source
	poll time.Duration
	log  zerolog.Logger

	MostBehind time.Duration // what it lacks for longer is read from the primary

	catchUp time.Duration

	followed atomic.Bool
	broke    atomic.Bool // a snapshot was broken off, as a standby does whose primary cleans up: the next one is the primary's

	mu      sync.Mutex
	history string    // the primary's, as far as is known
	asOf    time.Time // until when the standby had all
	mark    mark      // what it is to have next
}

// NewStandby makes a source that reads from a standby at least every poll. The caller closes it.
func NewStandby(primary, standby *pgxpool.Pool, poll time.Duration, log zerolog.Logger) *Standby {
	s := &Standby{Source: New(primary, poll), read: New(standby, poll), poll: poll, log: log, catchUp: catchUp, MostBehind: mostBehind}
	s.followed.Store(true)
	return s
}

// Check is ErrOtherDatabase if the standby is none of the primary. Whether they are one can be told while both answer; any
// other error says that it was not.
func (s *Standby) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, standbyLimit)
	defer cancel()
	ours, err := s.state.History(ctx)
	if err != nil {
		return err
	}
	theirs, err := s.read.state.History(ctx)
	if err == nil && !state.SameOrigin(ours, theirs) {
		err = ErrOtherDatabase
	}
	return err
}

// Followed reports whether the last news came from the standby.
func (s *Standby) Followed() bool { return s.followed.Load() }

// Wait implements projection.Source. A standby knows no LISTEN, so it is asked again after the poll interval, or soon if
// somebody waits for a version.
func (s *Standby) Wait(ctx context.Context, _ int64, hurry <-chan struct{}) error {
	poll := time.NewTimer(s.poll)
	defer poll.Stop()
	_ = pause.For(ctx, soonest)
	select {
	case <-hurry:
	case <-poll.C:
	case <-ctx.Done():
	}
	return nil
}

// News implements projection.Source.
func (s *Standby) News(ctx context.Context, after int64) (projection.News, error) {
	news, err := s.news(ctx, after)
	if err == nil {
		s.say(nil)
		return news, nil
	}
	if ctx.Err() == nil {
		s.say(err)
	}
	at := time.Now()
	if news, err = s.Source.News(ctx, after); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.history, s.asOf, s.mark = news.Status.History, at, mark{at, news.Now.Version}
	}
	return news, err
}

// news is the standby's, if the primary knows its state. If the primary is away it is believed: the projection itself holds the
// nonce of its version to it.
func (s *Standby) news(ctx context.Context, after int64) (projection.News, error) {
	short, cancel := context.WithTimeout(ctx, standbyLimit)
	defer cancel()
	got, err := s.read.newsAfter(short, after)
	if err == nil {
		err = got.Gap
	}
	if err != nil {
		return projection.News{}, err
	}
	at := time.Now()
	known, knownErr := s.ancestor(ctx, got.Version)
	s.mu.Lock()
	defer s.mu.Unlock()
	if knownErr == nil {
		s.history = known.History
	}
	switch {
	case knownErr == nil && known.Nonce != got.Nonce:
		return projection.News{}, errStranger
	case state.Promoted(got.Status.History, s.history):
		return projection.News{}, errPromoted
	}
	s.compare(got.Version, known, at, knownErr == nil)
	if knownErr == nil && !s.mark.at.IsZero() && at.Sub(s.mark.at) > s.MostBehind {
		return projection.News{}, errBehind
	}
	got.Status.History, got.Status.Confirmed = s.history, s.history != "" && got.Status.ConfirmedIn == s.history
	news, err := newsOf(got, nil)
	news.Standby, news.AsOf = true, s.asOf
	return news, err
}

// ancestor is what the primary knows of a version.
func (s *Standby) ancestor(ctx context.Context, version int64) (state.Ancestor, error) {
	ctx, cancel := context.WithTimeout(ctx, primaryLimit)
	defer cancel()
	return s.state.Ancestor(ctx, version)
}

// say tells once that another server is read now.
func (s *Standby) say(err error) {
	switch was := s.followed.Swap(err == nil); {
	case was && err != nil:
		s.log.Warn().Err(err).Msg("the standby of DATABASE_READ_URL cannot be followed; the primary is read meanwhile")
	case !was && err == nil:
		s.log.Info().Msg("the standby of DATABASE_READ_URL is followed again")
	}
}
