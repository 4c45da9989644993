package tokenstate_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure Apart tells of two states just the subjects about which they differ, and all that each says of these.
func TestApart(t *testing.T) {
	said := func(f tokenstate.Facts) (lines []string) {
		for _, r := range f.Rows() {
			lines = append(lines, fmt.Sprintf("%s %+v", r.Kind(), r))
		}
		return lines
	}
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.SliceOfN(rapid.Custom(anyMessage), 0, 12)
		a, b := fold(messages.Draw(t, "common")), tokenstate.NewFacts()
		b.Add(a)
		a.Add(fold(messages.Draw(t, "a")))
		b.Add(fold(messages.Draw(t, "b")))
		var left, right []string
		tokenstate.Apart(a, b, func(a, b tokenstate.Facts) {
			if a.Equal(b) {
				t.Errorf("the same: %v", said(a))
			}
			left, right = append(left, said(a)...), append(right, said(b)...)
		})
		for name, c := range map[string]struct {
			has         tokenstate.Facts
			told, other []string
		}{"a": {a, left, right}, "b": {b, right, left}} {
			all := said(c.has)
			if n := c.has.Size(); n != len(all) {
				t.Errorf("%s has %d facts, and says %d", name, len(all), n)
			}
			theirs := said(map[string]tokenstate.Facts{"a": b, "b": a}[name])
			for _, line := range all {
				if !slices.Contains(theirs, line) && !slices.Contains(c.told, line) {
					t.Errorf("only %s says %s, and nobody hears of it", name, line)
				}
			}
			for _, line := range c.told {
				if !slices.Contains(all, line) {
					t.Errorf("%s does not say %s", name, line)
				}
			}
		}
	})
}

// Ensure the comparison of two states that agree takes no memory for each subject: a check of a million tokens runs beside
// people who work with the console.
func TestApartTakesNoMemory(t *testing.T) {
	state := func() tokenstate.Facts {
		f := tokenstate.NewFacts()
		for i := range 5000 {
			tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "demo", User: fmt.Sprint("user", i)}, Node: "a", Value: tokenstate.Look{At: 5, Cause: "e"}}.SetIn(f)
		}
		return f
	}
	a, b := state(), state()
	n := testing.AllocsPerRun(3, func() {
		tokenstate.Apart(a, b, func(_, _ tokenstate.Facts) { t.Error("they agree") })
	})
	if n > 1000 {
		t.Errorf("%v pieces of memory for 5,000 subjects", n)
	}
}
