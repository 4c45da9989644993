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
	maps, rules, now := mapmodel.Of(r.facts), mapmodel.Rules(r.h.rules), r.now+r.h.database
	same := func(sheets, model any) {
		if a, b := fmt.Sprintf("%+v", sheets), fmt.Sprintf("%+v", model); a != b {
			t.Errorf("seed %d, after %d messages:\nsheets %s\nmaps  %s", seed, len(r.log), a, b)
		}
	}
	var tokens []mapmodel.Token
	for _, h := range r.held {
		tokens = append(tokens, mapmodel.Token(h.token))
		same(tokenstate.Judge(h.token, r.facts, r.h.rules), mapmodel.Judge(tokens[len(tokens)-1], maps, rules))
	}
	var owners []mapmodel.Scope
	for _, o := range r.owners {
		owners = append(owners, mapmodel.Scope(o))
		same(tokenstate.Owner(o.Realm, o.User, r.facts, r.h.rules), mapmodel.Owner(o.Realm, o.User, maps, rules))
	}
	same(tokenstate.Due(r.tokens(), r.owners, r.facts, r.h.rules, now), mapmodel.Due(tokens, owners, maps, rules, now))
}
