package redact

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Ensure a request's id is what its pattern says, whatever is sent.
func TestRequestIDIsOfItsPattern(t *testing.T) {
	pattern := regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[0-9A-Za-z._-]{0,70}`), rapid.String()).Draw(t, "text")
		want := text
		if !pattern.MatchString(text) || secretLike.MatchString(text) {
			want = ""
		}
		if got := RequestID(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	})
}

// Ensure whatever the pattern of secrets finds begins with what is looked for first.
func TestSecretsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`.{0,9}tokst_[0-9A-Za-z]{10}_[0-9A-Za-z]{1,9}`), rapid.StringMatching(`sk-oh-[0-9A-Za-z]{16,20}.{0,9}`),
			rapid.StringMatching(`eyJ[0-9A-Za-z_-]{1,9}\.eyJ[0-9A-Za-z_.-]{1,9}`), rapid.String(),
		).Draw(t, "text")
		if got, want := Secret("id", text), secretLike.MatchString(strings.Join([]string{"id", text}, "\n")); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}
