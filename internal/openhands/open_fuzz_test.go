package openhands

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/openhands/openhandstest"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// FuzzOpen: a value of OpenHands' table opens to a token or gives one of the three reasons, which say
// nothing of the value.
func FuzzOpen(f *testing.F) {
	for way := range 4 {
		value, err := openhandstest.Encrypt(way, "a.b.c")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(openhandstest.Keys, value)
		f.Add("one secret", value)
	}
	f.Add("[]", `{"tokens":""}`)
	f.Add(`[{"id":"a","key":"***"}]`, "a.b.c.d.e")
	f.Fuzz(func(t *testing.T, file, value string) {
		s, err := ParseSecrets([]byte(file))
		if err != nil {
			if !errors.Is(err, errFile) {
				t.Fatal(err)
			}
			return
		}
		token, err := s.Open(secret.New(value))
		switch {
		case err == nil && token.Reveal() == "":
			t.Fatal("it opens to nothing")
		case err != nil && !errors.Is(err, ErrShape) && !errors.Is(err, ErrKey) && !errors.Is(err, ErrInner):
			t.Fatal(err)
		case err != nil && len(value) > 8 && strings.Contains(err.Error(), value):
			t.Fatal("the reason repeats the value")
		}
	})
}
