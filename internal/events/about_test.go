package events

import (
	"slices"
	"testing"
)

// Ensure a message is found by the ids that it names, and by no part of one: the id of a federated
// user may hold slashes.
func TestAbout(t *testing.T) {
	for name, c := range map[string]struct {
		h    Happened
		want []string
	}{
		"user event":     {Happened{User: "u", Session: "s"}, []string{"s", "u"}},
		"path alone":     {Happened{Path: "users/u/consents/app"}, []string{"u"}},
		"session":        {Happened{Path: "sessions/s"}, []string{"s"}},
		"federated user": {Happened{User: "f:s:a/b", Path: "users/f:s:a/b/logout"}, []string{"f:s:a/b"}},
		"of nobody":      {Happened{Path: "groups/g"}, []string{Everyone}},
	} {
		if got := (Message{Body: &c.h}).About(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}
