package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of looking.
const (
	looksAtOnce = 8
	lookLimit   = 15 * time.Second
	maxLookWait = time.Minute
	maxBindWait = 5 * time.Minute
	complainGap = time.Minute
)

// ErrAway is in an Asker's error when Keycloak does not answer at all: the other looks of the
// round would fail, too.
var ErrAway = errors.New("keycloak does not answer")

// Known is the read model of what is due.
type Known interface {
	Due(now tokenstate.Millis) []tokenstate.Want
	Realms() map[string]int // users in each
	Rules() tokenstate.Rules
	TokensOf(realm, user, clientID string) []projection.Token
	UnboundClients() []projection.Unbound
	// HeldUsers are the users with a token or a live key who are not known to be gone.
	HeldUsers(realm string) []string
}

// Asker asks Keycloak over its admin API. A look that learnt nothing is an error, never an
// observation. Of a user it covers the sessions of tokens, in several messages where they are
// more than one holds.
type Asker interface {
	Look(ctx context.Context, s tokenstate.Scope, tokens []tokenstate.Token) ([]events.Message, error)
	LookNamed(ctx context.Context, realm, clientID string) (m events.Message, uuid string, err error)
}

// Publisher puts a message into the log.
type Publisher interface {
	Publish(context.Context, events.Message) error
}

// Binder gives stored tokens their client's UUID.
type Binder interface {
	BindClient(ctx context.Context, realm, clientID, uuid string) (int, error)
}

// Looker asks Keycloak about whoever is due and puts the answers into the log, where they are
// learnt like the listener's own. Nothing is learnt beside the log: a replay must see the same.
type Looker struct {
	Known    Known
	Ask      Asker
	Log      Publisher
	Bind     Binder
	Interval time.Duration // between two rounds, and the first pause of a subject
	Rate     int           // looks a second
	Pages    *Pages        // nil: all are looked at one by one
	Owners   time.Duration // how often who holds something is found again, where pages by key are offered
	// Now is what tokens' ages are reckoned by: the database's time, which doctor compares with
	// Keycloak's. nil, or a fault: our own.
	Now    func(context.Context) (tokenstate.Millis, error)
	Logger zerolog.Logger

	mu         sync.Mutex
	turns      map[tokenstate.Scope]turn
	binds      map[projection.Unbound]turn // of Run alone
	complained time.Time
	listings   map[kind]listing
	suspects   map[tokenstate.Scope]bool // whom a page has put in question in a way that only a look can tell
	owned      map[string]listing
	found      map[string]time.Time // when the last walk began that found a realm's owners again
	started    time.Time
	counted    time.Time      // when the users of each realm were
	running    sync.WaitGroup // listings
}

// Run looks until ctx ends.
func (l *Looker) Run(ctx context.Context) error {
	l.turns, l.listings, l.owned = map[tokenstate.Scope]turn{}, map[kind]listing{}, map[string]listing{}
	l.suspects, l.found = map[tokenstate.Scope]bool{}, map[string]time.Time{}
	if l.Pages != nil {
		l.Pages.Suspect = l.suspect
	}
	l.started, l.counted = time.Now(), time.Now()
	defer l.running.Wait()
	limit := rate.NewLimiter(rate.Limit(l.Rate), l.Rate)
	tick := time.NewTicker(l.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			l.round(ctx, limit)
			l.bindClients(ctx, limit)
		}
	}
}

// Oldest says for how long the longest due subject has been so.
func (l *Looker) Oldest(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := now
	for _, t := range l.turns {
		if t.since.Before(oldest) {
			oldest = t.since
		}
	}
	return now.Sub(oldest)
}

func (l *Looker) round(ctx context.Context, limit *rate.Limiter) {
	round, away := errgroup.WithContext(ctx)
	round.SetLimit(looksAtOnce)
	for _, s := range l.plan(ctx, time.Now()) {
		if away.Err() != nil || limit.Wait(away) != nil {
			break
		}
		round.Go(func() error { return l.look(away, s) })
	}
	if err := round.Wait(); err != nil && ctx.Err() == nil {
		l.complain(err, "Keycloak is not looked at; what is due waits")
	}
}

// look fails only if Keycloak is away. What concerns one subject is said and tried again.
func (l *Looker) look(ctx context.Context, s tokenstate.Scope) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var tokens []tokenstate.Token
	if s.User != "" {
		for _, t := range l.Known.TokensOf(s.Realm, s.User, "") {
			tokens = append(tokens, t.Token)
		}
	}
	ms, err := l.Ask.Look(ctx, s, tokens)
	for _, m := range ms {
		if err == nil {
			err = l.Log.Publish(ctx, m)
		}
	}
	if errors.Is(err, ErrAway) {
		return err
	}
	if err == nil {
		l.cleared(s)
	} else if ctx.Err() == nil {
		l.complain(err, "a look at "+s.Realm+" brought nothing; it is tried again")
	}
	return nil
}

// clock: by one of ours that is slow, a young token whose session is gone would be looked at late.
func (l *Looker) clock(ctx context.Context, ours time.Time) tokenstate.Millis {
	if l.Now != nil {
		if at, err := l.Now(ctx); err == nil {
			return at
		}
	}
	return tokenstate.Millis(ours.UnixMilli())
}

// complain says the same kind of thing once a minute.
func (l *Looker) complain(err error, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.complained) < complainGap {
		return
	}
	l.complained = time.Now()
	l.Logger.Warn().Err(err).Msg(what)
}
