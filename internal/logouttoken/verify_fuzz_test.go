package logouttoken_test

import (
	"errors"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/logouttoken"
)

// FuzzVerify: nothing that the issuer has not signed is a logout token. What bears a key's name that nobody has heard of yet is
// not said to be invalid for a while: the key may be new.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	good := w.token(w.claims())
	for _, raw := range []string{"", ".", "..", "a.b.c", good[:len(good)-1], good + ".", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := w.verifier.Verify(t.Context(), raw); raw != good && err == nil {
			t.Fatalf("%q is taken", raw)
		}
	})
}

// FuzzClaims: whatever the issuer signs, what is taken has an id, a subject or a session, and a client.
func FuzzClaims(f *testing.F) {
	w := newWorld(f)
	sign := w.signer(jose.RS256, w.key)
	for _, text := range []string{"{}", "[]", `{"events":{}}`, `{"iss":"x","iss":"y"}`, `{"iat":1e300}`} {
		f.Add(text)
	}
	f.Add(text(f, w.claims()))
	f.Fuzz(func(t *testing.T, claims string) {
		token, err := w.verifier.Verify(t.Context(), sign(map[string]any{"kid": "k1"}, claims))
		invalid := (*logouttoken.InvalidError)(nil)
		switch {
		case err != nil && !errors.As(err, &invalid):
			t.Fatalf("%q: %v", claims, err)
		case err == nil && (token.ID == "" || token.User+token.Session == "" || len(token.Audience) == 0):
			t.Fatalf("%q: taken as %+v", claims, token)
		}
	})
}
