package worker

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxSuspects are remembered at a time; who is forgotten is found again.
const maxSuspects = 20_000

// suspect has a user looked at soon. Nothing is written down: the next pages show the same.
func (l *Looker) suspect(s tokenstate.Scope) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.suspects) < maxSuspects {
		l.suspects[s] = true
	}
}

// cleared: a look has told what there was to tell.
func (l *Looker) cleared(s tokenstate.Scope) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.suspects, s)
}

// withSuspects adds them behind the urgent, for something has surely happened to those. Called under
// the lock.
func (l *Looker) withSuspects(due []tokenstate.Want) []tokenstate.Want {
	if len(l.suspects) == 0 {
		return due
	}
	var urgent, patient []tokenstate.Want
	named := map[tokenstate.Scope]bool{}
	for _, w := range due {
		if w.Urgent = w.Urgent || l.suspects[w.Scope]; w.Urgent {
			urgent = append(urgent, w)
			named[w.Scope] = true
		} else {
			patient = append(patient, w)
		}
	}
	for s := range l.suspects {
		if !named[s] {
			urgent = append(urgent, tokenstate.Want{Scope: s, Urgent: true})
		}
	}
	return append(urgent, patient...)
}

// findOwners starts the walks that are due, of each realm where somebody holds something. Called
// under the lock.
func (l *Looker) findOwners(ctx context.Context, now time.Time) {
	if l.Pages.Keys == nil || l.Owners <= 0 {
		return
	}
	for realm, users := range l.Known.Realms() {
		last := l.owned[realm]
		if users == 0 || last.running || now.Sub(last.began) < l.Owners || !last.may(now) {
			continue
		}
		l.owned[realm] = listing{running: true, began: now}
		l.running.Go(func() {
			held := l.Known.HeldUsers(realm)
			missing, err := l.Pages.Owners(ctx, realm, held)
			switch {
			case err != nil && !errors.Is(err, ErrNoKeys) && ctx.Err() == nil:
				l.Logger.Warn().Err(err).Str("realm", realm).Msg("the owners of keys and tokens were not all found again; the next walk tries")
			case missing > 0:
				l.Logger.Warn().Str("realm", realm).Int("users", missing).Msg("owners of keys or tokens are not among Keycloak's users; each is looked at now")
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.owned[realm] = listing{began: now, ended: time.Now()}
			switch {
			case len(held) == 0:
				delete(l.found, realm) // nobody is left who could be missed
			case err == nil:
				l.found[realm] = now
			}
		})
	}
}

// OwnersFound is when the last whole walk over a realm's owners began, of the realm where that is
// longest ago; zero where none has been whole, because Keycloak offers no pages by key.
func (l *Looker) OwnersFound() (first time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.found {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
