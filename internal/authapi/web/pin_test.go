package web

import (
	"net/http"
	"strings"
	"testing"
)

// Ensure a realm is bounded by characters, as the description says, and that nobody who names none is refused.
func TestMisPinned(t *testing.T) {
	for _, realms := range [][]string{nil, {""}, {strings.Repeat("ä", maxRealm)}} {
		if bad := MisPinned(realms); bad != nil {
			t.Errorf("%q: %v", realms, bad)
		}
	}
	bad := MisPinned([]string{strings.Repeat("a", maxRealm+1)})
	if bad == nil || bad.Status != http.StatusUnprocessableEntity || len(bad.Errors) != 1 || bad.Errors[0].Location != "query.realm" {
		t.Errorf("%+v", bad)
	}
}
