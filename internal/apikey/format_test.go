package apikey

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func entropies() *rapid.Generator[Entropy] {
	return rapid.Custom(func(t *rapid.T) (e Entropy) {
		copy(e.ID[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "id"))
		copy(e.Secret[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret"))
		return e
	})
}

// Ensure a formatted key parses to itself and has the published pattern.
func TestParse_Format(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(`\A(?:` + Pattern + `)\z`)
	rapid.Check(t, func(t *rapid.T) {
		made := Format(entropies().Draw(t, "e"))
		got, err := Parse(made.text.Reveal())
		if err != nil || got.ID != made.ID || !got.text.Equal(made.text) || got.Legacy() {
			t.Fatalf("got %v, %v of %q", got, err, made.text.Reveal())
		}
		if !pattern.MatchString(made.text.Reveal()) {
			t.Fatalf("%q does not have the pattern", made.text.Reveal())
		}
	})
}

// Ensure no key with any one character changed is taken for anything, not even a legacy key.
func TestParse_OneCharacterChanged(t *testing.T) {
	t.Parallel()
	whole := Format(Entropy{ID: [8]byte{1, 2}, Secret: [32]byte{3, 4}}).text.Reveal()
	for i := range whole {
		for c := range 256 {
			b := []byte(whole)
			if b[i] == byte(c) {
				continue
			}
			b[i] = byte(c)
			if p, err := Parse(string(b)); !errors.Is(err, ErrMalformed) || p != (Presented{}) {
				t.Fatalf("character %d as %q was taken: %v", i, byte(c), err)
			}
		}
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	whole := Format(Entropy{}).text.Reveal()
	for name, s := range map[string]string{
		"empty": "", "prefix only": Prefix, "cut short": whole[:len(whole)-1], "too long": whole + "0",
		"space before": " " + whole, "line end": whole + "\n", "space within": "sk-oh a", "tab": "a\tb",
		"257 bytes": strings.Repeat("a", 257), "non-ASCII": "sk-oh-ä", "nul": "a\x00", "delete": "a\x7f",
	} {
		if p, err := Parse(s); !errors.Is(err, ErrMalformed) || p != (Presented{}) {
			t.Errorf("%s: got %v, %v", name, p.ID, err)
		}
	}
	for _, s := range []string{"sk-oh-abc", "0123456789abcdef0123456789abcdef", strings.Repeat("a", 256)} {
		if p, err := Parse(s); err != nil || !p.Legacy() || p.text.Reveal() != s {
			t.Errorf("legacy key refused: %v", err)
		}
	}
}

// Ensure nothing that prints shows a key.
func TestPresented_NeverShown(t *testing.T) {
	t.Parallel()
	p := Format(Entropy{Secret: [32]byte{9}})
	hidden := p.text.Reveal()[len(Prefix)+idLength+1:]
	_, err := Parse(p.text.Reveal() + "x")
	pepper := Pepper{ID: "p", Key: p.text}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{p, &p, []Presented{p}, p.Text(), err, pepper, Peppers{pepper}} {
			s := fmt.Sprintf(verb, v)
			if strings.Contains(s, hidden) || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", hidden)) {
				t.Fatalf("%s of %T shows the key: %s", verb, v, s)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Format(Entropy{ID: [8]byte{7}}).text.Reveal())
	f.Add("sk-oh-abc")
	f.Add(Prefix)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			if p != (Presented{}) || err.Error() != ErrMalformed.Error() {
				t.Fatalf("an error with a value, or another error: %v", err)
			}
			return
		}
		if p.text.Reveal() != s || p.Legacy() == strings.HasPrefix(s, Prefix) {
			t.Fatal("a key must parse to itself")
		}
	})
}
