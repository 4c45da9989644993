package devstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNoPgBouncer says that the machine has none (Debian: package pgbouncer).
var ErrNoPgBouncer = errors.New("there is no pgbouncer on the PATH or in /usr/sbin")

// PgBouncer starts one before a database, with a pool mode of its own, and gives the address to use.
func PgBouncer(ctx context.Context, databaseURL, mode string) (address string, stop func() error, err error) {
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		bin = "/usr/sbin/pgbouncer" // not on everybody's PATH
	}
	if _, err := os.Stat(bin); err != nil {
		return "", nil, ErrNoPgBouncer
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", nil, errors.New("the database's URL cannot be read")
	}
	cred, err := otherUser()
	if err != nil {
		return "", nil, err
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "tokenstate-pgbouncer-")
	if err != nil {
		return "", nil, err
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	password, _ := u.User.Password()
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s user=%s password=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = any\npool_mode = %s\ndefault_pool_size = 20\nmax_client_conn = 200\n",
		u.Hostname(), u.Port(), u.User.Username(), password, port, mode)
	ini := filepath.Join(dir, "pgbouncer.ini")
	if err := writeFor(ini, config, cred); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd := asUser(exec.Command(bin, ini), cred, dir) //nolint:gosec,noctx // a binary that we chose; stop ends it
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() error {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // it may be gone
		<-ended
		return os.RemoveAll(dir)
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d", port)
	for {
		if queryable(ctx, u.String()) == nil {
			return u.String(), stop, nil
		}
		select {
		case <-ended:
			return "", nil, errors.Join(fmt.Errorf("start pgbouncer: it ended\n%s", said.String()), stop())
		case <-ctx.Done():
			return "", nil, errors.Join(fmt.Errorf("start pgbouncer: %w", ctx.Err()), stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
