package testenv

import (
	"context"
	"errors"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Server is a Postgres that can be killed, promoted and set back; it ends with the test.
type Server struct {
	*devstack.Server
	t testing.TB
}

// NewServer makes a primary with a migrated database.
func NewServer(t testing.TB, migrate Migrate) *Server {
	t.Helper()
	s := started(t, devstack.NewServer)
	if err := migrate(t.Context(), s.URL()); err != nil {
		t.Fatalf("testenv: %v", err)
	}
	return s
}

// Standby follows s; Backup is a copy of s that is not started.
func (s *Server) Standby() *Server { s.t.Helper(); return started(s.t, s.Server.Standby) }

// Backup is a copy of s that is not started.
func (s *Server) Backup() *Server { s.t.Helper(); return started(s.t, s.Server.Backup) }

// Do waits for one of the server's own steps.
func (s *Server) Do(step func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	if err := step(ctx); err != nil {
		s.t.Fatalf("testenv: %v", err)
	}
}

func started(t testing.TB, start func(context.Context) (*devstack.Server, error)) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s, err := start(ctx)
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("testenv: %v", err)
		}
	})
	return &Server{s, t}
}

// PgBouncer is the address of a pooler before a database, until the end of the test. Where the machine has
// none the test is skipped.
func PgBouncer(t testing.TB, databaseURL, mode string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	address, stop, err := devstack.PgBouncer(ctx, databaseURL, mode)
	if errors.Is(err, devstack.ErrNoPgBouncer) {
		t.Skip("PgBouncer is not installed")
	}
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("testenv: %v", err)
		}
	})
	return address
}
