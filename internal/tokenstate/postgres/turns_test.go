package postgres

import (
	"testing"
	"time"
)

// Ensure that while one refreshes, the others are given the access token that lies there only if it is good enough for them.
func TestATurnsResultIsGoodEnough(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	_, err := s.PutToken(ctx, issued(5), &Ciphertext{"k", []byte("five")})
	must(t, err)
	take := func(minValid, maxAge time.Duration) Turn {
		t.Helper()
		turn, err := s.TakeTurn(ctx, someToken, 9*time.Hour, minValid, maxAge)
		must(t, err)
		return turn
	}
	must(t, s.FinishTurn(ctx, someToken, take(0, 0).ID, Refreshed{Access: Ciphertext{"k", []byte("access")}, Took: time.Hour, Left: time.Hour}))
	if turn := take(2*time.Hour, 9*time.Hour); turn.ID == "" {
		t.Fatalf("nobody refreshes: %+v", turn)
	}
	for _, c := range []struct {
		minValid, maxAge time.Duration
		good             bool
	}{{0, 9 * time.Hour, true}, {2 * time.Hour, 9 * time.Hour, false}, {0, time.Minute, false}} {
		if turn := take(c.minValid, c.maxAge); turn.ID != "" || (turn.Result != nil) != c.good {
			t.Errorf("who wants %s, and none older than %s, is given %+v", c.minValid, c.maxAge, turn)
		}
	}
}
