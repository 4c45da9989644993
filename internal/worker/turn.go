package worker

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// turn says when a subject is looked at next. A subject is new for one interval, since the
// listener's own look is most likely on its way; then the pause doubles, for a look that came
// too early to settle a doubt must not be repeated at once.
type turn struct {
	since, next time.Time
	pause       time.Duration
	told        tokenstate.Millis
	news        *rate.Limiter // nil: nothing new has happened since it became due
}

// newsTokens is how many tokens are covered in a minute by looks at one subject that are made only because
// something new has happened to it.
const newsTokens = 300

// heed makes a subject new again when something has happened to it since it became due. Its pause is that of
// an older doubt, and the new one would wait for it. News come as often as their user likes: who has many
// tokens, and so makes looks dear, is soon left to the pause.
func (t turn) heed(w tokenstate.Want, now time.Time, interval time.Duration) turn {
	if w.Told <= t.told {
		return t
	}
	t.told = w.Told
	if t.news == nil {
		t.news = rate.NewLimiter(rate.Every(time.Minute/newsTokens), newsTokens)
	}
	if t.news.AllowN(now, 1+w.Tokens) {
		t.pause = interval
		if soon := now.Add(max(interval, soonest)); soon.Before(t.next) {
			t.next = soon
		}
	}
	return t
}

// roundTime bounds a round, so that what has just happened does not wait behind thousands.
const roundTime = 2 // seconds, at the rate of looks

// soonest is when a subject that has just become due is first looked at. An earlier look would settle no
// doubt: it would only be repeated, by Keycloak's database, for everybody whom a change concerns.
const soonest = time.Duration(tokenstate.LeastSkew) * time.Millisecond

// plan picks the subjects whose turn it is, the urgent first, and forgets those that are not due
// any more. The patient wait while a listing may show them.
func (l *Looker) plan(ctx context.Context, now time.Time) (whose []tokenstate.Scope) {
	due := l.Known.Due(l.clock(ctx, now))
	l.mu.Lock()
	defer l.mu.Unlock()
	due = l.withSuspects(due)
	wait := l.list(ctx, l.waiting(due, now), now)
	fails := l.Pages != nil && l.Pages.failing.Load() > 0
	turns := make(map[tokenstate.Scope]turn, len(due))
	for _, w := range due {
		t, known := l.turns[w.Scope]
		patient := !w.Urgent && w.Scope.User != ""
		if known {
			t = t.heed(w, now, l.Interval)
		}
		switch {
		case !known:
			t = turn{since: now, next: now.Add(max(l.Interval, soonest)), pause: l.Interval, told: w.Told}
		case patient && !fails && (wait[kind{w.Scope.Realm, w.Closed}] || l.listings[kind{w.Scope.Realm, w.Closed}].holds(now)):
		case !now.Before(t.next) && len(whose) < max(roundTime*l.Rate, 1):
			t.pause = min(2*t.pause, maxLookWait)
			t.next = now.Add(t.pause)
			whose = append(whose, w.Scope)
		}
		turns[w.Scope] = t
	}
	l.turns = turns
	return whose
}
