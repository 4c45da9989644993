package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"
)

// Ensure writers at once make one chain, and that who changes a row and gives it a fitting hash
// is found by the next row.
func TestActs(t *testing.T) {
	s, _ := open(t)
	act := Act{At: time.UnixMilli(1_700_000_000_123), Realm: "demo", Actor: "service:x", Action: "a", Target: "t", Status: 200, Times: 1, Request: "r"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.WriteActs(context.Background(), []Act{act, act, act}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n, _, err := s.EachAct(t.Context(), 0, func(_ int64, a Act) {
		if !a.At.Equal(act.At) || a.Target != "t" {
			t.Errorf("%+v", a)
		}
	})
	if n != 24 || err != nil {
		t.Fatal(n, err)
	}
	forged := act
	forged.Actor = "service:somebody-else"
	_, err = s.pool.Exec(t.Context(), "UPDATE tokenstate.act SET actor = $1, hash = $2 WHERE n = 1", forged.Actor, chain(make([]byte, sha256.Size), rowOf(1, forged)))
	must(t, err)
	if n, _, err := s.EachAct(t.Context(), 0, func(int64, Act) {}); !errors.Is(err, ErrBroken) || n != 1 {
		t.Fatalf("after row %d: %v", n, err)
	}
}
