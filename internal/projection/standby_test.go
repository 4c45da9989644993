package projection

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// lagging is a source whose news are those of a standby.
type lagging struct {
	*history
	had time.Time
}

func (l *lagging) News(ctx context.Context, after int64) (News, error) {
	n, err := l.history.News(ctx, after)
	n.Standby, n.AsOf = true, l.had
	return n, err
}

// Ensure a standby that answers and lacks what the database has is no word of the database, and that what is known of it never
// grows older by a later answer.
func TestALaggingStandbyIsNoWordOfTheDatabase(t *testing.T) {
	l := &lagging{history: newHistory()}
	l.add("n1")
	p := New(l, Options{MaxStale: time.Hour}, zerolog.Nop())
	step := func() {
		t.Helper()
		if _, err := p.step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	step() // loads
	loaded := p.AsOf()
	step()
	if !p.AsOf().Equal(loaded) {
		t.Errorf("as of %s, loaded %s", p.AsOf(), loaded)
	}
	l.had = loaded.Add(-2 * time.Hour)
	step()
	if ok, why := p.Ready(); !ok || !p.AsOf().Equal(loaded) {
		t.Errorf("ready %v %s, as of %s", ok, why, p.AsOf())
	}
	p.asOf = l.had
	step()
	if ok, why := p.Ready(); ok || !strings.Contains(why, "AUTHAPI_KEY_MAX_STALE") {
		t.Errorf("ready %v: %s", ok, why)
	}
	l.had = time.Now()
	step()
	if ok, why := p.Ready(); !ok || !p.AsOf().Equal(l.had) {
		t.Errorf("ready %v: %s", ok, why)
	}
}
