package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// longLife is for how long a session must be allowed to live for its end to be kept. Whoever lets sessions live for less
// expects logins, and users who come every day would be told every day.
const longLife Seconds = 14 * 24 * 60 * 60

// endOf is what a listed session's sighting keeps as its Second.
func endOf(s events.ClientSession) Seconds {
	if s.Life < longLife {
		return 0
	}
	return s.Ends
}

// Ends is when Keycloak ends t, or its session if nobody uses it until then, as the latest look to list it has shown. 0:
// never, soon again by design, or not known: no look says so, or t was refreshed since.
func (f Facts) Ends(t Token) Seconds {
	o := f.open(t.Realm)
	defer o.close()
	var end Seconds
	if last, listed := o.lastListed(t); listed && o.outcome(t).At <= last.At {
		end = last.Second
	}
	if own := t.Expires; own-t.IssuedAt >= longLife && (end == 0 || own < end) {
		end = own
	}
	return end
}

// lastListed is the latest sighting of t's session.
func (f *opened) lastListed(t Token) (last Sighting, listed bool) {
	if t.Client == "" {
		return last, false
	}
	for _, s := range f.seen(SightingKey{Seat: t.seat()}).all() {
		if !listed || loses(last, s) {
			last, listed = s, true
		}
	}
	return last, listed
}
