package devstack

import (
	"slices"
	"testing"
)

// Ensure a Keycloak on Postgres starts in each version: before 26.4 it knows no option that binds its caches to loopback.
func TestCachesOfOldVersions(t *testing.T) {
	for version, want := range map[string]string{"26.0.8": "--cache=local", "26.3.5": "--cache=local", "26.4.0": "--cache=ispn", "26.7.3": "--cache=ispn"} {
		options, err := (&Stack{}).caches(version)
		if err != nil || !slices.Contains(options, want) {
			t.Errorf("%s: %v, %v", version, options, err)
		}
		if _, err := (&Stack{opts: Options{Nodes: 2}}).caches(version); (err != nil) != (want == "--cache=local") {
			t.Errorf("two nodes of %s: %v", version, err)
		}
	}
}
