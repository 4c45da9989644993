package devstack

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Ensure the worker of two nodes is told of two clocks, that its margin covers their difference,
// and that nobody is promised a verdict before a look could prove it.
func TestTwoNodesHaveTwoClocks(t *testing.T) {
	t.Parallel()
	told := func(e Env, name string) time.Duration {
		t.Helper()
		e.WorkerAdminURL = "http://127.0.0.1:1"
		for _, line := range e.Pairs() {
			if text, ok := strings.CutPrefix(line, name+"="); ok {
				d, err := time.ParseDuration(text)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
		}
		t.Fatalf("no %s", name)
		return 0
	}
	one, two := Env{}, Env{Keycloak2URL: "http://127.0.0.1:2"}
	if told(one, "WORKER_SKEW") != 0 || told(two, "WORKER_SKEW") < 3*time.Second {
		t.Error("a single node has one clock, two have two")
	}
	for n, e := range []Env{one, two} {
		proves := max(told(e, "WORKER_SKEW")+told(e, "WORKER_CACHE_LAG"), told(e, "WORKER_SETTLING_MARGIN"))
		if told(e, "WORKER_SETTLING_MARGIN") < told(e, "WORKER_SKEW")+time.Second || Settles(n+1) < proves {
			t.Errorf("%d nodes: margin %s, skew %s, settled after %s", n+1, told(e, "WORKER_SETTLING_MARGIN"), told(e, "WORKER_SKEW"), Settles(n+1))
		}
	}
}

// Ensure two nodes are built for the database that they share, and one for its own.
func TestClusterIsBuiltForPostgres(t *testing.T) {
	t.Parallel()
	for nodes, want := range map[int]string{0: "--db=dev-file", 1: "--db=dev-file", 2: "--db=postgres"} {
		s := &Stack{opts: Options{Nodes: nodes}}
		if got := s.buildOptions(KeycloakVersion); !slices.Contains(got, want) || len(got) != len(buildOptions(KeycloakVersion)) {
			t.Errorf("%d nodes: %v, want %s", nodes, got, want)
		}
	}
}
