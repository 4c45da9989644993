package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// Server is one Postgres of a test's own, which can be killed, followed by a standby and set back. Close
// removes its data.
type Server struct {
	cluster
	cmd *exec.Cmd
}

// NewServer makes and starts a primary whose commits wait for no standby.
func NewServer(ctx context.Context) (*Server, error) {
	s, err := emptyServer(ctx)
	if err != nil {
		return nil, err
	}
	s.password = randomText()
	if err = s.init(ctx); err == nil {
		err = s.Start(ctx)
	}
	if err == nil {
		err = createDatabase(ctx, s.url("postgres"))
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Standby copies the running server and starts the copy, which follows it.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	copied, err := s.copied(ctx, true)
	if err == nil {
		err = copied.Start(ctx)
	}
	return copied, err
}

// Backup copies the running server and starts nothing. Started later, the copy is what it was then.
func (s *Server) Backup(ctx context.Context) (*Server, error) { return s.copied(ctx, false) }

func (s *Server) copied(ctx context.Context, standby bool) (*Server, error) {
	c, err := emptyServer(ctx)
	if err != nil {
		return nil, err
	}
	c.password = s.password
	if err := c.copyOf(ctx, s.url("postgres"), standby); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func emptyServer(ctx context.Context) (*Server, error) {
	cred, err := otherUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tokenstate-server-")
	if err != nil {
		return nil, err
	}
	s := &Server{cluster: cluster{dir: dir, cred: cred}}
	if cred != nil {
		err = os.Chown(dir, int(cred.Uid), int(cred.Gid))
	}
	if err == nil {
		s.bin, err = (&Stack{}).postgresBin(ctx, dir)
	}
	if err == nil {
		s.port, err = freePort()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URL is that of the database of tokenstate.
func (s *Server) URL() string { return s.url("tokenstate") }

// Start serves and waits until the server answers.
func (s *Server) Start(ctx context.Context) error {
	s.cmd = s.command()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if conn, err := connect(ctx, s.url("postgres")); err == nil {
			return conn.Close(ctx)
		}
		_ = pause.For(ctx, 20*time.Millisecond)
	}
	return fmt.Errorf("start Postgres: %w", ctx.Err())
}

// Promote makes a standby a primary, and waits until it is one.
func (s *Server) Promote(ctx context.Context) error {
	conn, err := connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var done bool
	if err := conn.QueryRow(ctx, "SELECT pg_promote(true, 60)").Scan(&done); err != nil || !done {
		return errors.Join(err, errors.New("the standby was not promoted"))
	}
	return nil
}

// Stop ends the server in good order; Kill as if the power had failed.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Kill ends it at once.
func (s *Server) Kill() { s.end(syscall.SIGQUIT) }

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig) // it may be gone
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Close ends the server and removes its data.
func (s *Server) Close() error {
	s.Kill()
	return os.RemoveAll(s.dir)
}
