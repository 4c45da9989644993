package devstack

import (
	"os"
	"strings"
	"testing"
)

// Ensure a throwaway Postgres lies in memory where there is room, unless TMPDIR or its size wants it elsewhere, and that
// nothing of it stays.
func TestThrowawayInMemory(t *testing.T) {
	root := checkout(t)
	elsewhere := os.Getenv("TMPDIR")
	for name, c := range map[string]struct {
		opts   Options
		tmp    string
		memory bool
	}{
		"throwaway":    {Options{Throwaway: true}, "", true},
		"lasting":      {Options{}, "", false},
		"of Keycloak":  {Options{Throwaway: true, OnPostgres: true}, "", false},
		"named folder": {Options{Throwaway: true}, elsewhere, false},
	} {
		t.Setenv("TMPDIR", c.tmp)
		want := c.memory && memory() != ""
		c.opts.Root = root
		s, err := newStack(t.Context(), c.opts)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := s.dataDir("postgres", nil)
		if err != nil {
			t.Error(err)
		}
		if is := strings.HasPrefix(dir, "/dev/shm/"); is != want {
			t.Errorf("%s: %s, in memory: %t", name, dir, want)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: left behind: %v", name, err)
		}
	}
}
