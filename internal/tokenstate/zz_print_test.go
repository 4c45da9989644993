package tokenstate_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func TestPrintScenes(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(scenesDir, "*.json"))
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		s, ms := readScene(t, name)
		fmt.Printf("SCENE %s %s\n", name, s.Row)
		for _, a := range s.Answers {
			tok := a.token(ms[0].Realm)
			j := func(ms []events.Message) string {
				v := tokenstate.Judge(tok, fold(ms), recordedRules())
				d := ""
				if v.InDoubt {
					d = "?"
				}
				mark := ""
				if (v.State == tokenstate.Usable) != a.lives() {
					mark = " <<<"
				}
				return said(v) + d + mark
			}
			m := ms[:a.After]
			fmt.Printf("   %-30s %-22s K:%d %-60s ALL %s | LISTENER %s | LOOKS %s\n", a.When, a.Token, a.Status, a.Description, j(m), j(of(m, events.Listener)), j(of(m, events.Look)))
		}
	}
}
