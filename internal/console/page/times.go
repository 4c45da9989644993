package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// timeOf is a time, or the zero one for 0: "not known" must not become 1970.
func timeOf(ms tokenstate.Millis) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return ms.Time().UTC()
}

func timeOfSeconds(s tokenstate.Seconds) time.Time {
	if s <= 0 {
		return time.Time{}
	}
	return s.Time().UTC()
}
