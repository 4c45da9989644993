package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure a digest is HMAC-SHA-256, whatever the lengths of pepper and key.
func TestDigestIsHMAC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, text := rapid.StringN(0, 200, 200).Draw(t, "key"), rapid.StringN(0, 400, 400).Draw(t, "text")
		mac := hmac.New(sha256.New, []byte(key))
		_, _ = mac.Write([]byte(text))
		if got := Digest(Pepper{Key: secret.New(key)}, Presented{text: secret.New(text)}); got != Sum(mac.Sum(nil)) {
			t.Errorf("%x", got)
		}
	})
}

// Ensure a digest makes no garbage: one is made for each request of a user.
func TestDigestMakesNoGarbage(t *testing.T) {
	pepper, p := Pepper{ID: "p", Key: secret.New(strings.Repeat("k", 32))}, Format(Entropy{})
	if n := testing.AllocsPerRun(100, func() { _ = Digest(pepper, p) }); n != 0 {
		t.Errorf("%v objects for a digest", n)
	}
}
