package tokens

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a full cache drops the one that was not asked for longest, for each that comes, and its names
// with it; and that one which has expired is not given out.
func TestAFullAccessCache(t *testing.T) {
	c := newAccessTokens()
	now := time.Now()
	of := func(n int) access {
		return access{of: tokenstate.Token{Realm: "r", User: fmt.Sprint("user", n), Session: fmt.Sprint("s", n), ClientID: "app"}, expires: now.Add(time.Minute)}
	}
	for n := range maxAccess {
		c.put(of(n))
	}
	c.get(seatOf(of(0).of))
	for n := maxAccess; n < maxAccess+10; n++ {
		c.put(of(n))
	}
	if len(c.users) != maxAccess || len(c.sessions) != maxAccess || len(c.all()) != maxAccess {
		t.Errorf("%d users, %d sessions, %d tokens", len(c.users), len(c.sessions), len(c.all()))
	}
	for n, want := range map[int]bool{0: true, 1: false, 10: false, 11: true, maxAccess + 9: true} {
		if _, ok := c.get(seatOf(of(n).of)); ok != want {
			t.Errorf("token %d is held: %v", n, ok)
		}
	}
}

func BenchmarkAFullAccessCache(b *testing.B) {
	c := newAccessTokens()
	for n := 0; b.Loop(); n++ {
		c.put(access{of: tokenstate.Token{Realm: "r", User: fmt.Sprint(n), Session: fmt.Sprint(n), ClientID: "app"}})
	}
}
