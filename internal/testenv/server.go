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
func NewServer(tb testing.TB, migrate Migrate) *Server {
	tb.Helper()
	s := started(tb, devstack.NewServer)
	if err := migrate(tb.Context(), s.URL()); err != nil {
		tb.Fatalf("testenv: %v", err)
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

func started(tb testing.TB, start func(context.Context) (*devstack.Server, error)) *Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	s, err := start(ctx)
	if err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("testenv: %v", err)
		}
	})
	return &Server{s, tb}
}

// PgBouncer is the address of a pooler before a database, until the end of the test. Where the machine has
// none the test is skipped.
func PgBouncer(tb testing.TB, databaseURL, mode string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	address, stop, err := devstack.PgBouncer(ctx, databaseURL, mode)
	if errors.Is(err, devstack.ErrNoPgBouncer) {
		tb.Skip("PgBouncer is not installed")
	}
	if err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(func() {
		if err := stop(); err != nil {
			tb.Errorf("testenv: %v", err)
		}
	})
	return address
}
