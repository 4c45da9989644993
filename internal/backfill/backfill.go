// Package backfill brings into the log what Keycloak's event store holds and no listener has
// delivered. The store is written in the action's own transaction, so for the types that it saves
// it is a complete record of deaths (keycloak.md E).
package backfill

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/worker"
)

const (
	pageSize    = 1000 // rows that one question brings
	complainGap = time.Minute
)

// UserEvent is one row of a realm's user events.
type UserEvent struct {
	ID        string
	Time      int64 // milliseconds
	Type      string
	ClientID  string
	UserID    string
	SessionID string
	Error     string
	Details   map[string]string
}

// AdminEvent is one row of a realm's admin events.
type AdminEvent struct {
	ID             string
	Time           int64 // milliseconds
	OperationType  string
	ResourceType   string
	ResourcePath   string
	Representation string
	Error          string
	Details        map[string]string
	AuthDetails    struct{ RealmID, ClientID, UserID string } // who did it
}

// Page asks for rows from a time on, oldest first.
type Page struct {
	From       int64
	Types      []string
	First, Max int
}

// Answer is a page of rows. Now is Keycloak's own time, not later than the reading.
type Answer[Row UserEvent | AdminEvent] struct {
	Rows []Row
	Now  events.Millis
	// NewestFirst: an old Keycloak knows neither order nor From (before 26.2): these are rows of
	// any age, the newest first.
	NewestFirst bool
}

// Archive is Keycloak's event store; worker.ErrAway if Keycloak does not answer at all.
type Archive interface {
	UserEvents(ctx context.Context, realm string, p Page) (Answer[UserEvent], error)
	AdminEvents(ctx context.Context, realm string, p Page) (Answer[AdminEvent], error)
	// ClientUUID is "" for a client that is not there any more.
	ClientUUID(ctx context.Context, realm, clientID string) (string, error)
	// Kept is for how long the realm's rows are kept; 0: for ever.
	Kept(ctx context.Context, realm string) (users, admins time.Duration, err error)
}

// State is how far each realm is read. Missed is the time of the latest row that only the last
// reading brought, 0 if there was none. What Keycloak had committed by Known is in the log: Upto lies
// before it by the overlap, since a row may appear later than its time says.
type State struct{ Upto, Missed, Known events.Millis }

// Journal knows what has arrived.
type Journal interface {
	HaveEvents(ctx context.Context, ids []string) (map[string]bool, error)
	Realms(ctx context.Context) ([]string, error)
	Backfills(ctx context.Context) (map[string]State, error)
	PutBackfill(ctx context.Context, realm string, s State) error
	KeepBackfills(ctx context.Context, realms []string) error // and forget the others
}

// Backfill reads the event stores again and again.
type Backfill struct {
	Archive    Archive
	Journal    Journal
	Log        worker.Publisher
	AdminRealm string        // where the deletion of a realm is stored
	Interval   time.Duration // between two readings
	Overlap    time.Duration // a row may appear this much later than its time says
	Grace      time.Duration // how long the listener may take
	Soon       chan struct{} // asks for a reading before the interval is over
	// Lost is told that rows of a realm which happened after since went unread; nil: nobody is. It
	// may be told of one loss more than once.
	Lost   func(ctx context.Context, realm string, since events.Millis) error
	Logger zerolog.Logger

	newest map[string][2]mark // of the users' and the admins' store, by realm
}

// Run reads at once, at each interval and when asked, until ctx ends.
func (b *Backfill) Run(ctx context.Context) error {
	tick := time.NewTicker(b.Interval)
	defer tick.Stop()
	for complained := (time.Time{}); ; {
		if err := b.Round(ctx); err != nil && ctx.Err() == nil && time.Since(complained) > complainGap {
			complained = time.Now()
			b.Logger.Warn().Err(err).Msg("Keycloak's event store was not read; it is tried again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-b.Soon:
		}
	}
}

// Round reads each realm once. A realm that cannot be read does not hold up the others, unless
// Keycloak is away as a whole.
func (b *Backfill) Round(ctx context.Context) error {
	realms, err := b.Journal.Realms(ctx)
	if err != nil || len(realms) == 0 {
		return err
	}
	states, err := b.Journal.Backfills(ctx)
	if err != nil {
		return err
	}
	all := slices.Concat(realms, []string{b.AdminRealm})
	faults := []error{b.Journal.KeepBackfills(ctx, all)}
	for _, r := range all {
		err := b.realm(ctx, r, realms, states[r])
		if errors.Is(err, worker.ErrAway) || ctx.Err() != nil {
			return err
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// realm reads one realm's two stores. The place to go on from moves only when both are through.
func (b *Backfill) realm(ctx context.Context, realm string, known []string, s State) error {
	r := &reading{b: b, realm: realm, known: known, from: s.Upto, uuids: map[string]string{}, refused: map[string]bool{}}
	r.users.before, r.admins.before = b.newest[realm][0], b.newest[realm][1]
	if err := r.run(ctx); err != nil {
		return err
	}
	why, err := r.mayLack(ctx, s.Upto)
	if err == nil && why != "" {
		err = r.report(ctx, s.Upto, why)
	}
	if err != nil {
		return err
	}
	if b.newest == nil {
		b.newest = map[string][2]mark{}
	}
	b.newest[realm] = [2]mark{r.users.newest, r.admins.newest}
	s = State{
		Upto: max(s.Upto, r.now-events.Millis(b.Overlap.Milliseconds())), Missed: r.missed,
		Known: max(s.Known, r.now-events.Millis(b.Grace.Milliseconds())), // younger rows were left to their listener
	}
	if r.brought > 0 {
		b.Logger.Info().Str("realm", realm).Int("events", r.brought).Msg("the event store held what no listener had delivered")
	}
	return b.Journal.PutBackfill(ctx, realm, s)
}
