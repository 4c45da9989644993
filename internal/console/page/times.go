package page

import (
	"fmt"
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

// Span is a length of time as a person would say it.
func Span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}
