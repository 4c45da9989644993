package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/timeline"
)

// Concluded is one part of a story's conclusion: some keys or tokens of which the same is true.
type Concluded struct {
	What, Reason, Event, By, Do string
	Mark                        Mark
	Since                       time.Time
	IDs                         []string
	More                        int // ids that are not shown
	InDoubt                     bool
}

// maxIDs bounds the ids of one line: a user may have a thousand sessions that ended alike.
const maxIDs = 5

func concludedOf(s timeline.Story) (out []Concluded) {
	for _, l := range s.Conclusion {
		c := Concluded{
			What: l.What, Reason: text(l.Reason), Event: text(l.EventID), By: text(l.By), Do: text(l.Do), Mark: wordMark(l.State),
			InDoubt: l.InDoubt,
		}
		if l.Since != nil && !l.Since.IsZero() {
			c.Since = l.Since.UTC()
		}
		c.IDs = l.IDs[:min(len(l.IDs), maxIDs)]
		c.More = len(l.IDs) - len(c.IDs)
		out = append(out, c)
	}
	return out
}

// wordMark is the mark of a state that a conclusion names.
func wordMark(state string) Mark {
	switch state {
	case "admitted", "usable":
		return mark(Good, state)
	case "suspended":
		return mark(Warn, state)
	case "refused", "revoked":
		return mark(Bad, state)
	}
	return mark(None, state)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
