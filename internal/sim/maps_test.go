package sim

import (
	"fmt"
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/mapmodel"
)

// Ensure that in the middle of any history, sheets and maps say the same of every token and owner, and of who is due.
func TestSheetsSayWhatMapsSay(t *testing.T) {
	seeds := min(number(t, "SIM_SEEDS", 60), 2000)
	for seed := range seeds {
		playBefore(generate(seed+1, length), func(r *run) {
			if len(r.log)%7 == 0 && !t.Failed() {
				r.compareWithMaps(t, seed+1)
			}
		})
	}
}

func (r *run) compareWithMaps(t *testing.T, seed uint64) {
	t.Helper()
	maps, now := mapmodel.Of(r.facts), r.now+r.h.database
	same := func(sheets, model any) {
		if a, b := fmt.Sprintf("%+v", sheets), fmt.Sprintf("%+v", model); a != b {
			t.Errorf("seed %d, after %d messages:\nsheets %s\nmaps  %s", seed, len(r.log), a, b)
		}
	}
	for _, h := range r.held {
		same(tokenstate.Judge(h.token, r.facts, r.h.rules), mapmodel.Judge(h.token, maps, r.h.rules))
	}
	for _, o := range r.owners {
		same(tokenstate.Owner(o.Realm, o.User, r.facts, r.h.rules), mapmodel.Owner(o.Realm, o.User, maps, r.h.rules))
	}
	same(tokenstate.Due(r.tokens(), r.owners, r.facts, r.h.rules, now), mapmodel.Due(r.tokens(), r.owners, maps, r.h.rules, now))
}
