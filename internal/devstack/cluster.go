package devstack

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Postgres are the binaries of a server, and the user who may run it and own its data.
type Postgres struct {
	bin, dir string
	cred     *syscall.Credential
	password string
}

// PostgresIn is a Postgres whose clusters lie in a folder of the run that Stop removes.
func (s *Stack) PostgresIn(ctx context.Context, name string) (*Postgres, error) {
	cred, err := otherUser()
	if err != nil {
		return nil, err
	}
	dir, err := s.tempDir(name, cred)
	if err != nil {
		return nil, err
	}
	bin, err := s.postgresBin(ctx, dir)
	return &Postgres{bin, dir, cred, randomText()}, err
}

// Dir is where its clusters lie.
func (p *Postgres) Dir() string { return p.dir }

// Owner is to whom the folder belongs; 0: to us.
func (p *Postgres) Owner() (uid, gid int) {
	if p.cred == nil {
		return 0, 0
	}
	return int(p.cred.Uid), int(p.cred.Gid)
}

// Cluster is one data directory, and the address at which it is served.
type Cluster struct{ c cluster }

// NewCluster initialises an empty one.
func (p *Postgres) NewCluster(ctx context.Context, name string) (*Cluster, error) {
	k, err := p.place(name)
	if err != nil {
		return nil, err
	}
	return k, k.c.init(ctx)
}

// Copy takes a base backup of a running cluster. As a standby it follows that one when it is served.
func (p *Postgres) Copy(ctx context.Context, of *Cluster, name string, standby bool) (*Cluster, error) {
	k, err := p.place(name)
	if err != nil {
		return nil, err
	}
	return k, k.c.copyOf(ctx, of.URL("postgres"), standby)
}

// copyOf fills the cluster's folder with a base backup of a running one. As a standby it follows that one when it is served.
func (c cluster) copyOf(ctx context.Context, url string, standby bool) error {
	args := []string{"-D", c.data(), "-d", url, "-X", "stream", "-c", "fast", "--no-sync"}
	if standby {
		args = append(args, "-R")
	}
	//nolint:gosec // binaries that we chose
	cmd := asUser(exec.CommandContext(ctx, filepath.Join(c.bin, "pg_basebackup"), args...), c.cred, c.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w\n%s", err, out)
	}
	return nil
}

func (p *Postgres) place(name string) (*Cluster, error) {
	dir := filepath.Join(p.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if p.cred != nil {
		if err := os.Chown(dir, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
			return nil, err
		}
	}
	port, err := freePort()
	return &Cluster{c: cluster{bin: p.bin, dir: dir, cred: p.cred, port: port, password: p.password}}, err
}

// Serve is the command that serves it, with further settings name=value and a further environment.
func (k *Cluster) Serve(settings, env []string) *exec.Cmd {
	cmd := k.c.command()
	for _, s := range settings {
		cmd.Args = append(cmd.Args, "-c", s)
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// Promote makes a standby a primary.
func (k *Cluster) Promote(ctx context.Context) error {
	//nolint:gosec // binaries that we chose
	cmd := asUser(exec.CommandContext(ctx, filepath.Join(k.c.bin, "pg_ctl"), "promote", "-D", k.c.data()), k.c.cred, k.c.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl promote: %w\n%s", err, out)
	}
	return nil
}

// Remove removes its data. It must have ended.
func (k *Cluster) Remove() error { return os.RemoveAll(k.c.dir) }

// Addr is where it listens.
func (k *Cluster) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(k.c.port)) }

// URL reaches a database of it as the superuser.
func (k *Cluster) URL(database string) string { return k.c.url(database) }

// Made makes the database tokenstate if it is missing; an error until the cluster answers.
func (k *Cluster) Made(ctx context.Context) error { return createDatabase(ctx, k.URL("postgres")) }

// Login makes a database user with the rights of a role, and gives the URL by which it connects at addr.
func (k *Cluster) Login(ctx context.Context, role, addr string) (string, error) {
	s := &Stack{Env: Env{DatabaseURL: k.URL("tokenstate"), PostgresPID: 1}}
	text, err := s.login(ctx, role)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("a URL of our own: %w", err)
	}
	u.Host = addr
	return u.String(), nil
}
