package inspection

import (
	"testing"
	"time"
)

// Ensure a slow answer is not taken for a clock that is wrong: only what no answer's time explains is a difference.
func TestSlowAnswersAreNoWrongClock(t *testing.T) {
	start := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	second := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }
	for name, c := range map[string]struct{ before, after, at, latest, apart float64 }{
		"prompt, the same clock":           {0, 0.1, -0.5, 0.6, 0},
		"a login that took three seconds":  {0, 0.1, -3.5, 0.2, 0},
		"an answer that took four seconds": {0, 4, 3.5, 4.6, 0},
		"an hour ahead":                    {0, 0.1, 3600, 3601, 3599.9},
		"ten seconds behind":               {0, 0.1, -11, -10, -10},
	} {
		keycloak, database := apart(second(c.before), second(c.after), second(c.at), second(c.latest))
		if got := keycloak.Sub(database).Seconds(); got < c.apart-0.001 || got > c.apart+0.001 {
			t.Errorf("%s: %v apart, want %v", name, got, c.apart)
		}
	}
}
