package openhands

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/openhands/openhandstest"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure Fernet is Fernet: the vector of its specification.
func TestFernetVector(t *testing.T) {
	key, err := base64.URLEncoding.DecodeString("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
	if err != nil {
		t.Fatal(err)
	}
	const token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
	if got, ok := openFernet([32]byte(key), token); !ok || string(got) != "hello" {
		t.Fatalf("%q %v", got, ok)
	}
	for i := range token {
		changed := []byte(token)
		changed[i] ^= 1
		if got, ok := openFernet([32]byte(key), string(changed)); ok && string(got) != "hello" {
			t.Fatalf("with byte %d changed it opens to %q", i, got)
		}
		if _, ok := openFernet([32]byte(key), token[:i]); ok && i < len(token)-len("==") {
			t.Fatalf("cut to %d bytes it opens", i)
		}
	}
}

// Ensure every way in which OpenHands has encrypted opens, and only with the right secret.
func TestOpen(t *testing.T) {
	right, err := ParseSecrets([]byte(openhandstest.Keys))
	if err != nil {
		t.Fatal(err)
	}
	old, err := ParseSecrets([]byte(openhandstest.OldSecret + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := ParseSecrets([]byte("another"))
	for way := range 4 {
		value, err := openhandstest.Encrypt(way, "a.b.c")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := right.Open(secret.New(value)); err != nil || got.Reveal() != "a.b.c" {
			t.Errorf("way %d: %q %v", way, got.Reveal(), err)
		}
		if got, err := old.Open(secret.New(value)); way != 2 && (err != nil || got.Reveal() != "a.b.c") {
			t.Errorf("way %d with the one secret: %q %v", way, got.Reveal(), err)
		}
		if _, err := wrong.Open(secret.New(value)); !errors.Is(err, ErrKey) {
			t.Errorf("way %d with another secret: %v", way, err)
		}
	}
}

// Ensure what cannot be a token is refused by a name, and nothing of it is repeated.
func TestOpenRefuses(t *testing.T) {
	s, _ := ParseSecrets([]byte(openhandstest.Keys))
	jwe, _ := openhandstest.JWE(openhandstest.NewSecret, "new", []byte(`["canary"]`))
	for value, want := range map[string]error{
		"": ErrKey, "canary": ErrKey, "{canary": ErrShape, `{"tokens":""}`: ErrShape, `{"tokens":7}`: ErrShape,
		`{"tokens":"a.b.c.d.e"}`: ErrShape, `{"tokens":"` + jwe + `"}`: ErrInner,
		openhandstest.Fernet(openhandstest.OldSecret, []byte("canary")): ErrInner,
		openhandstest.Fernet(openhandstest.OldSecret, []byte("{}")):     ErrInner,
		strings.Repeat("x", maxValue+1):                                 ErrShape,
	} {
		_, err := s.Open(secret.New(value))
		if !errors.Is(err, want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%.40q: %v, want %v", value, err, want)
		}
	}
	for _, file := range []string{"", " \n", "[]", "[canary", `[{"id":"a"}]`, `[{"id":"a","key":"**********"}]`} {
		if _, err := ParseSecrets([]byte(file)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("secrets %q: %v", file, err)
		}
	}
}
