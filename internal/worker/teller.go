package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of telling.
const (
	tellAtOnce   = 500                    // notices in one transaction
	tellShare    = 20                     // looking at everybody takes at most one part of so many of the time
	leastRest    = 100 * time.Millisecond // between two rounds
	mostRest     = 5 * time.Second
	restsInAWait = 10
	catchUp      = 5 * time.Second // for what is known to be as new as the database
	endsEvery    = time.Minute     // when logins and keys end
)

// Holders is the read model of everybody who holds something.
type Holders interface {
	Ready() (ok bool, why string)
	WaitVersion(ctx context.Context, version int64) error
	EachHolder(ends bool, see func(projection.Holder)) bool
	KeysThatEnd(now, until tokenstate.Seconds) []apikey.Record
}

// Notices keeps what was told. Tell writes all or none, and gives notice.ErrOvertaken where another worker was faster.
type Notices interface {
	NoticeMoment(context.Context) (at tokenstate.Millis, version int64, err error)
	Told(context.Context) (map[notice.Subject]notice.Told, error)
	KeyUses(ctx context.Context, users []tokenstate.Scope) (map[tokenstate.Scope]tokenstate.Millis, error)
	Tell(ctx context.Context, known tokenstate.Millis, all []notice.Written) error
}

// Teller writes notices: it looks at everybody again and again, compares with what was told, and tells what has differed for
// long enough. To follow single changes would be less work and more to get wrong: a verdict also changes with time, with
// the rules and with a pardon. Make a new one each time that this worker becomes the active one.
type Teller struct {
	Known    Holders
	Notices  Notices
	Settle   time.Duration
	LoginURL string // where users log in again; told beside
	Skip     map[string]bool
	For      []notice.Endpoint // who wants to have notices delivered
	Wrote    func(notice.Type) // is told of each notice; nil for nobody
	Logger   zerolog.Logger

	settling notice.Settling
	told     map[notice.Subject]notice.Told // nil: to be read
	endsAt   tokenstate.Millis              // when what ends was last looked for
	keys     []apikey.Record
	logins   map[notice.Subject]tokenstate.Seconds // that end soon
	took     time.Duration                         // looking at everybody, last time
}

// Run tells until ctx ends. It returns nil then, and never otherwise.
func (t *Teller) Run(ctx context.Context) error {
	t.settling.Wait = tokenstate.Millis(t.Settle.Milliseconds())
	rest := min(max(t.Settle/restsInAWait, leastRest), mostRest)
	complain := rest
	for ctx.Err() == nil {
		err := t.round(ctx)
		wait := max(rest, tellShare*t.took)
		switch {
		case err == nil:
			complain = rest
		case errors.Is(err, notice.ErrOvertaken):
			t.told = nil
		case ctx.Err() == nil:
			t.Logger.Warn().Err(err).Dur("pause", complain).Msg("notices wait; trying again")
			wait, complain = complain, min(2*complain, maxLookWait)
			t.told = nil // whether the last ones were written is not known
		}
		_ = pause.For(ctx, wait)
	}
	return nil
}

// round looks at everybody once. It knows at least what the database had when it began: what it writes then is refused if
// that is long ago, so that a worker which was frozen in between does not tell of the past.
func (t *Teller) round(ctx context.Context) error {
	if ok, _ := t.Known.Ready(); !ok {
		return nil // the worker's own readiness says why
	}
	if t.told == nil {
		told, err := t.Notices.Told(ctx)
		if err != nil {
			return err
		}
		t.told = told
	}
	now, version, err := t.Notices.NoticeMoment(ctx)
	if err != nil {
		return err
	}
	caught, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	if err := t.Known.WaitVersion(caught, version); err != nil {
		return fmt.Errorf("what is known is behind the database: %w", err)
	}
	began := time.Now()
	all, whole := t.differing(now)
	t.took = time.Since(began)
	if !whole {
		t.endsAt = 0
		return nil // another state was loaded
	}
	for some := range slices.Chunk(t.settling.Round(now, all), tellAtOnce) {
		if err := t.tell(ctx, now, some); err != nil {
			return err
		}
	}
	return nil
}

// differing is everything that is not as it was told.
func (t *Teller) differing(now tokenstate.Millis) (all []notice.Notice, whole bool) {
	add := func(n notice.Notice, differs bool) {
		if differs {
			all = append(all, n)
		}
	}
	ends := now-t.endsAt >= tokenstate.Millis(endsEvery.Milliseconds())
	if ends {
		t.endsAt, t.logins = now, map[notice.Subject]tokenstate.Seconds{}
		t.keys = t.Known.KeysThatEnd(now.Second(), now.Second()+notice.Ahead[len(notice.Ahead)-1])
	}
	whole = t.Known.EachHolder(ends, func(h projection.Holder) {
		s := notice.Subject{Realm: h.Realm, User: h.User}
		add(notice.Owner(s, h.Owner, t.told[s]))
		for _, b := range h.Best {
			if s.Client = b.Token.Token.ClientID; t.Skip[s.Client] {
				continue
			}
			if b.Ends > now.Second() && b.Ends-now.Second() <= notice.Soon {
				t.logins[s] = b.Ends
			}
			best := notice.Best{Token: b.Token.Token, Verdict: b.Verdict, Ends: t.logins[s]}
			add(notice.Login(s, best, h.Owner, t.told[s]))
			add(notice.Ending(s, best, h.Owner, now.Second(), t.told[s]))
		}
	})
	for _, k := range t.keys {
		s := notice.Subject{Realm: k.Realm, User: k.User, Key: k.ID}
		add(notice.Key(k, now.Second(), t.told[s]))
	}
	return all, whole
}

func (t *Teller) tell(ctx context.Context, now tokenstate.Millis, some []notice.Notice) error {
	users := make([]tokenstate.Scope, len(some))
	for i, n := range some {
		users[i] = tokenstate.Scope{Realm: n.Subject.Realm, User: n.Subject.User}
	}
	uses, err := t.Notices.KeyUses(ctx, users)
	if err != nil {
		return err
	}
	written := make([]notice.Written, len(some))
	for i, n := range some {
		body, err := notice.Event(n, now, notice.Beside{LastKeyUse: uses[users[i]], LoginURL: t.LoginURL})
		if err != nil {
			return err
		}
		written[i] = notice.Written{Notice: n, Body: body}
		for _, e := range t.For {
			if e.Wants(n) {
				written[i].For = append(written[i].For, e.Name)
			}
		}
	}
	if err := t.Notices.Tell(ctx, now, written); err != nil {
		return err
	}
	for _, n := range some {
		t.told[n.Subject] = n.Tells()
		if t.Wrote != nil {
			t.Wrote(n.Type)
		}
	}
	return nil
}
