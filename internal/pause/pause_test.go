package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Ensure a pause is as long as it says, and ends at once with its context.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := For(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		for range 100 {
			began = time.Now()
			err := About(t.Context(), time.Minute)
			if took := time.Since(began); err != nil || took < 30*time.Second || took > 90*time.Second {
				t.Errorf("%v after %s", err, took)
			}
		}
		if err := About(t.Context(), 0); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began = time.Now()
		if err := For(ctx, time.Hour); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
