package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// questions is how often a client was asked for by its client_id.
func (s *subjects) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.named)
}

// Ensure clients that are gone are asked for with growing pauses, and keep neither a look nor a
// client that is there waiting; one that cannot be read holds up no other.
func TestClientsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{due: []string{"u"}, noClient: map[string]error{"broken": errors.New("a strange answer")}}
		for i := range 1000 {
			name := fmt.Sprintf("gone-%04d", i)
			s.noClient[name] = nil
			s.unbound = append(s.unbound, projection.Unbound{Realm: "demo", ClientID: name})
		}
		s.unbound = append(s.unbound, projection.Unbound{Realm: "demo", ClientID: "broken"})
		during(s, 20, 3*time.Second+time.Millisecond, func() {
			if s.count() == 0 {
				t.Error("nobody was looked at")
			}
			if n := s.questions(); n > 40 {
				t.Errorf("%d questions for clients in three seconds, at 20 a second", n)
			}
			s.mu.Lock()
			s.unbound = append(s.unbound, projection.Unbound{Realm: "demo", ClientID: "new"})
			s.mu.Unlock()
			<-time.After(3 * time.Second)
			synctest.Wait()
			s.mu.Lock()
			if !slices.Equal(s.bound, []string{"demo new uuid"}) {
				t.Errorf("a client that is there waits: %v", s.bound)
			}
			s.mu.Unlock()
			<-time.After(20 * time.Minute)
			synctest.Wait()
			before := s.questions()
			<-time.After(maxBindWait)
			synctest.Wait()
			if n := s.questions() - before; n < 1000 || n > 1100 {
				t.Errorf("%d questions for 1001 clients in the longest pause", n)
			}
		})
	})
}

// Ensure tokens' ages are reckoned by the clock that is given, and by our own while it cannot be asked.
func TestWhoseClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{}
		var fault error
		l := &Looker{Known: s, Ask: s, Log: s, Bind: s, Interval: time.Second, Rate: 1, Logger: zerolog.Nop()}
		l.Now = func(context.Context) (tokenstate.Millis, error) { return 7, fault }
		l.plan(t.Context(), time.Now())
		if s.asOf != 7 {
			t.Errorf("as of %d", s.asOf)
		}
		fault = errors.New("away")
		if l.plan(t.Context(), time.UnixMilli(9)); s.asOf != 9 {
			t.Errorf("as of %d", s.asOf)
		}
	})
}
