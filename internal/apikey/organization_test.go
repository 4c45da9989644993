package apikey_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Ensure a UUID is the same however it is written, and nothing else is changed.
func TestOrganization(t *testing.T) {
	for id, want := range map[string]string{
		"5A8C9D10-0000-4000-8000-00000000ABCD":  "5a8c9d10-0000-4000-8000-00000000abcd",
		"5a8c9d10-0000-4000-8000-00000000abcd":  "5a8c9d10-0000-4000-8000-00000000abcd",
		"ACME":                                  "ACME",
		"5A8C9D10-0000-4000-8000-00000000ABCDE": "5A8C9D10-0000-4000-8000-00000000ABCDE",
		"":                                      "",
	} {
		if got := apikey.Organization(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}
