package tokens

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of giving access tokens out again.
const (
	minLeft    = 10 * time.Second // an access token with less left is not given out again
	maxReuse   = 24 * time.Hour   // and none is reused longer
	blindReuse = time.Minute      // nor longer than this while Keycloak is not known about, if BlindReuse is 0
	blindAfter = time.Minute      // which is when knowledge is older than this
)

// reusable says which access token may be given out again. While the offline token is in doubt
// that is none: Keycloak decides. While nothing is heard of Keycloak, a young one.
func (s *Service) reusable(v tokenstate.Verdict, minValid time.Duration) Fresh {
	f := Fresh{MinValid: max(minLeft, minValid), MaxAge: maxReuse}
	blind := s.Gate.DatabaseTime().UnixMilli()-int64(s.Gate.Known.KnownUntil()) > blindAfter.Milliseconds()
	switch {
	case v.State != tokenstate.Usable || v.InDoubt:
		f.MaxAge = 0
	case blind:
		f.MaxAge = cmp.Or(s.BlindReuse, blindReuse)
	}
	return f
}

func (s *Service) cached(t tokenstate.Token, want Fresh) (access, bool) {
	a, ok := s.access.get(seatOf(t))
	now := s.Gate.LocalTime()
	return a, ok && a.of.User == t.User && want.MaxAge > 0 && a.expires.Sub(now) >= want.MinValid && now.Sub(a.had) <= want.MaxAge
}

// lastGood is for the lack of an answer from Keycloak, which revokes nothing then: an access token
// that is here is good until it expires, if nothing speaks against its offline token. (While
// Keycloak answers and is not heard, it may have revoked it: that is what blindReuse bounds.)
func (s *Service) lastGood(ctx context.Context, t tokenstate.Token, minValid time.Duration, err error) (access, bool) {
	v := s.Gate.Known.Judge(t)
	if p, ok := errors.AsType[*problem.Problem](err); !ok || !p.Silent || v.State != tokenstate.Usable || v.InDoubt {
		return access{}, false
	}
	want := Fresh{MinValid: max(minValid, time.Second), MaxAge: maxReuse}
	if a, ok := s.cached(t, want); ok {
		return a, true
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	turn, err := s.Turns.Take(ctx, t, want) // another replica may have had one
	switch {
	case err != nil:
		return access{}, false
	case turn.ID != "":
		s.leave(ctx, t, turn, turn.Unsure)
		return access{}, false
	case turn.Shared == nil:
		return access{}, false
	}
	return s.had(t, *turn.Shared), true
}

// had remembers what another replica had.
func (s *Service) had(t tokenstate.Token, other Shared) access {
	now := s.Gate.LocalTime()
	a := access{of: t, text: other.Access, had: now.Add(-other.Age), expires: now.Add(other.Left), shared: true}
	s.remember(a)
	return a
}

// remember holds an access token to be given out again. Facts drop what is held when they come: one
// that came while this was on its way has dropped nothing, so it is judged once it is held.
func (s *Service) remember(a access) {
	s.access.put(a)
	if v := s.Gate.Known.Judge(a.of); !s.Gate.WorthTrying(v) && v.Reason != tokenstate.ReasonRefused {
		s.forget(a.of)
	}
}

// enough: what somebody else asked for may be too old for us, or end too soon. A new one is as good
// as can be had.
func (s *Service) enough(a access, want Fresh, asked time.Time) bool {
	now := s.Gate.LocalTime()
	return !a.shared || a.expires.Sub(now) >= want.MinValid && (now.Sub(a.had) <= want.MaxAge || !a.had.Before(asked))
}
