package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// keySteps are what became of the user's keys by their rows, where no message tells it: they were made, in the place
// of another, they expired, or were revoked before what the journal still holds.
func (t Told) keySteps() (steps []Step) {
	told := map[string]bool{}
	for _, m := range t.Messages {
		told[m.ID] = true
	}
	for _, k := range t.Keys {
		made := "made"
		if k.Replaces != "" {
			made = "made in place of " + k.Replaces
		}
		if k.MadeBy != "" {
			made += " by " + k.MadeBy
		}
		steps = append(steps, keyStep(k, k.Created, made))
		if k.RevokedAt != 0 && !told[k.RevokedBy] {
			steps = append(steps, keyStep(k, k.RevokedAt, "revoked"))
		}
		if k.Expires != 0 && k.RevokedAt == 0 && !k.Expires.Time().After(t.Now) {
			steps = append(steps, keyStep(k, k.Expires, "expired"))
		}
	}
	return steps
}

func keyStep(k apikey.Listed, at tokenstate.Seconds, what string) Step {
	name := string(k.Kind) + ` "` + strings.TrimPrefix(k.Name, apikey.SystemPrefix) + `"`
	if k.Org != "" {
		name += " of organization " + k.Org
	}
	if k.Blocked {
		name += ", its name blocked"
	}
	return Step{At: at.Time(), Received: at.Time(), ID: k.ID, From: "keys", What: fmt.Sprintf("key %s (%s) %s", k.ID, name, what), deed: true}
}

// merged puts both into one order. Rows have whole seconds, so what a row says comes before a message of that second.
func merged(a, b []Step) []Step {
	all := slices.Concat(b, a)
	slices.SortStableFunc(all, func(x, y Step) int {
		return x.Received.Truncate(time.Second).Compare(y.Received.Truncate(time.Second))
	})
	return all
}
