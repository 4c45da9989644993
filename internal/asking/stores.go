package asking

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// ErrStore is in the error of a look that is not taken, since it might have Keycloak remove its user.
var ErrStore = errors.New("a user store was changed")

// Stores keeps looks over the admin API from harm: Keycloak asks a user's store during such a look, and
// removes whom the store does not show. After a change in a realm its stores' users are not looked at for
// a while, and then one by one until one is found. Two in a row that are gone stop it: the store may be
// mistyped. The next change is tried again with two users at most. A restarted worker knows by Since what was tried.
type Stores struct {
	Pause time.Duration
	// Changed is when something that may have been a store was last changed in a realm; 0: never.
	Changed func(realm string) tokenstate.Millis
	// Since is what looks have shown of these users after a change.
	Since func(realm string, change tokenstate.Millis) tokenstate.StoreUsers

	mu     sync.Mutex
	realms map[string]*watch
}

// watch is what came of one change.
type watch struct {
	change tokenstate.Millis
	known  bool   // some user of a store is
	passed bool   // a user was found
	asking string // who is being looked at; "": nobody
	gone   int    // in a row
}

// May says whether a user of a store may be looked at now; whoever was told so must tell Saw.
func (s *Stores) May(realm, user string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watch(realm)
	w.known = true
	switch {
	case w.passed:
		return nil
	case w.gone >= tokenstate.StoreGoneEnough:
		return errors.Join(ErrStore, errors.New("and its users came back as gone: correct the provider in Keycloak's user federation and save it; if they are really gone, save it as it is"))
	case now.Sub(w.change.Time()) < s.Pause || w.asking != "":
		return errors.Join(ErrStore, errors.New("its users wait until one of them has been found"))
	}
	w.asking = user
	return nil
}

// Saw tells what became of a look that May allowed; known: it brought an answer.
func (s *Stores) Saw(realm, user string, known, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watch(realm)
	if w.asking != user {
		return
	}
	w.asking = ""
	switch {
	case known && gone:
		w.gone++
	case known:
		w.passed, w.gone = true, 0
	}
}

// Tried says whether the users of a realm may be listed: nothing was changed, or one of a store has been
// found since, or nobody of a store is known there.
func (s *Stores) Tried(realm string) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watch(realm); !w.known || w.passed {
		return nil
	}
	return fmt.Errorf("%w: %w: its users are not listed before one of them has been found", worker.ErrNotNow, ErrStore)
}

// Alarmed are the realms whose stores' users are not looked at, for want of any who was found.
func (s *Stores) Alarmed() (realms []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for realm := range s.realms {
		if w := s.watch(realm); !w.passed && w.gone >= tokenstate.StoreGoneEnough {
			realms = append(realms, realm)
		}
	}
	return realms
}

// watch is called under the lock.
func (s *Stores) watch(realm string) *watch {
	change := s.Changed(realm)
	w := s.realms[realm]
	if w == nil || w.change != change {
		w = &watch{change: change, passed: change == 0}
		if change != 0 {
			since := s.Since(realm, change)
			w.known, w.passed, w.gone = since.Known, since.Found, since.Gone
		}
		if s.realms == nil {
			s.realms = map[string]*watch{}
		}
		s.realms[realm] = w
	}
	return w
}
