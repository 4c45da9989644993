//go:build chaos

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// meter measures the longest time without something.
type meter struct {
	mu      sync.Mutex
	last    time.Time
	longest time.Duration
}

func (m *meter) ok() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if !m.last.IsZero() {
		m.longest = max(m.longest, now.Sub(m.last))
	}
	m.last = now
}

func (m *meter) worst() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.longest
}

// said is what a replica says of a thing.
type said struct{ state, reason string }

func (s said) usable() bool { return s.state == "usable" }

// ask asks one replica about many things.
func ask(ctx context.Context, b *play.Backend, things []asked) ([]said, error) {
	items := make([]map[string]any, len(things))
	for i, x := range things {
		if x.name != "" {
			items[i] = map[string]any{"api_key": x.secret}
		} else {
			items[i] = map[string]any{"user_id": x.owner.id, "client_id": clientID, "session_id": x.session, "issued_at": x.iat}
		}
	}
	a, err := b.Call(ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": items})
	if err != nil {
		return nil, err
	}
	answers, _ := a.Body["items"].([]any)
	if a.Status != http.StatusOK || len(answers) != len(things) {
		return nil, fmt.Errorf("%d %v", a.Status, a.Body)
	}
	out := make([]said, len(answers))
	for i, x := range answers {
		m, _ := x.(map[string]any)
		state, _ := m["state"].(string)
		reason, _ := m["reason"].(string)
		out[i] = said{state, reason}
	}
	return out, nil
}

// watcher reads the verdicts of one replica all the time. Once a replica has said what is true it may not take
// that back before it has changed: that would be an un-revocation, or a refusal without a cause.
type watcher struct {
	name    string
	backend *play.Backend
	w       *world
	answers *meter

	mu    sync.Mutex
	seen  map[*thing]sight
	wrong []wrong
}

// sight is how far a replica is known to be: it was right at this number of flips, and may be late by one.
type sight struct {
	flips, lifted int

	lost bool // flips have come faster than it was asked: unknown until all is quiet
}

type wrong struct {
	at      time.Time
	replica string
	thing   *thing
	good    bool
	says    said
}

func (x wrong) String() string {
	return fmt.Sprintf("%s %s says %s %s of %s of user %s, which is good: %t", x.at.UTC().Format("15:04:05.000"), x.replica, x.says.state, x.says.reason, x.thing, x.thing.owner.id, x.good)
}

func (k *watcher) watch(ctx context.Context) {
	for ctx.Err() == nil {
		things := k.w.things()
		if len(things) == 0 {
			play.Pause(ctx, pace)
			continue
		}
		says, err := k.ask(ctx, things)
		if err != nil { // a key that it has not heard of yet, without the database, fails the whole question
			things = k.known(things)
			says, err = k.ask(ctx, things)
		}
		if err == nil && len(things) > 0 {
			k.answers.ok()
			k.judge(things, says)
		}
		play.Pause(ctx, 50*time.Millisecond)
	}
}

func (k *watcher) ask(ctx context.Context, things []asked) ([]said, error) {
	ctx, cancel := context.WithTimeout(ctx, oneCall)
	defer cancel()
	return ask(ctx, k.backend, things)
}

// known are those about which this replica was right when all was quiet.
func (k *watcher) known(things []asked) (out []asked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, x := range things {
		if _, ok := k.seen[x.thing]; ok {
			out = append(out, x)
		}
	}
	return out
}

func (k *watcher) judge(things []asked, says []said) {
	now := k.w.stable(things)
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, x := range things {
		if x.busy || !now[i] {
			continue
		}
		s, known := k.seen[x.thing]
		right := says[i].usable() == x.good
		switch {
		case !known || s.lost:
		case s.lifted != x.lifted:
			s.lost = true
		case s.flips == x.flips:
			if !right {
				k.wrong = append(k.wrong, wrong{time.Now(), k.name, x.thing, x.good, says[i]})
				s.lost = true // once is enough
			}
		case s.flips+1 == x.flips:
			if right {
				s.flips = x.flips
			}
		default:
			s.lost = true
		}
		if known {
			k.seen[x.thing] = s
		}
	}
}

// stable: what has not changed while it was asked about.
func (w *world) stable(things []asked) []bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]bool, len(things))
	for i, x := range things {
		out[i] = !x.owner.busy && x.thing.flips == x.flips
	}
	return out
}

// agreed: all is quiet and was compared, so that the replica is known to be right about all these.
func (k *watcher) agreed(things []asked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = map[*thing]sight{}
	for _, x := range things {
		k.seen[x.thing] = sight{flips: x.flips, lifted: x.lifted}
	}
}

// doubtful: what was acknowledged may be gone, as an operator knows who restores a backup. What this replica has known stays in
// force; what it has not heard of yet it cannot keep, though the older database may say the same for a moment.
func (k *watcher) doubtful() {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	for x, s := range k.seen {
		s.lost = s.lost || x.good || s.flips != x.flips
		k.seen[x] = s
	}
}

func (k *watcher) take() []wrong {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := k.wrong
	k.wrong = nil
	return out
}
