package logouttoken_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/logouttoken"
)

// Ensure the issuer that a token names is read without verifying it, and that what names none is
// refused without being repeated.
func TestIssuer(t *testing.T) {
	claims := func(text string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(text)) + ".c2ln"
	}
	if got, err := logouttoken.Issuer(claims(`{"iss":"https://a","sub":"u"}`)); got != "https://a" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	for name, raw := range map[string]string{
		"empty": "", "two parts": "e30.canary", "four parts": claims(`{"iss":"canary"}`) + ".x", "not base64": "e30.canary!.x",
		"not JSON": claims("canary"), "a list": claims(`["canary"]`), "no iss": claims(`{"ISS":"canary"}`), "empty iss": claims(`{"iss":""}`),
		"a number": claims(`{"iss":1}`), "twice": claims(`{"iss":"canary","iss":"b"}`), "null": claims("null"), "null iss": claims(`{"iss":null}`),
		"huge": claims(`{"iss":"` + strings.Repeat("canary", 5000) + `"}`),
	} {
		got, err := logouttoken.Issuer(raw)
		if _, is := errors.AsType[*logouttoken.InvalidError](err); !is || got != "" || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}
