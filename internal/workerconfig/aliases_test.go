package workerconfig

import (
	"errors"
	"maps"
	"testing"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Ensure aliases are read as the listener reads its option, and mistakes are said.
func TestAliases(t *testing.T) {
	for text, want := range map[string]Aliases{
		"": {}, "demo": {}, "My Shop=shop": {"My Shop": "shop"}, " a=b , c,D.E=d-e_1": {"a": "b", "D.E": "d-e_1"},
	} {
		if got, err := (&Config{RealmNames: text}).Aliases(); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"a=", "=b", "a=B", "a=b=c", "a=b,c=b", "a=b,a=c", "a=b c"} {
		if got, err := (&Config{RealmNames: text}).Aliases(); !errors.Is(err, settings.ErrConfiguration) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}
