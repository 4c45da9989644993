package devstack

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// oldestPostgres is the oldest major version that tokenstate is tested on.
const oldestPostgres = 15

// postgresBin finds the server's binaries: on the PATH, where Debian keeps them, or fetched
// into dir.
func (s *Stack) postgresBin(ctx context.Context, dir string) (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if binary, err := filepath.EvalSymlinks(path); err == nil && hasInitdb(filepath.Dir(binary)) {
			return filepath.Dir(binary), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int { return debianVersion(b) - debianVersion(a) })
	for _, bin := range found {
		if debianVersion(bin) >= oldestPostgres && hasInitdb(bin) {
			return bin, nil
		}
	}
	return s.fetchPostgres(ctx, dir)
}

func debianVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func hasInitdb(bin string) bool {
	_, err := os.Stat(filepath.Join(bin, "initdb"))
	return err == nil
}

// fetchPostgres has the embedded-postgres module fetch and unpack its archive, which it caches
// in the user's home. Only that is wanted of it: its own start does not work for root and hides
// the server behind pg_ctl. It has no call for less, so its start is let fail, by an encoding
// that does not exist, right after unpacking.
func (s *Stack) fetchPostgres(ctx context.Context, dir string) (string, error) {
	s.say("no Postgres binaries on the PATH or under /usr/lib/postgresql: fetching some (Debian: package postgresql)")
	bin := filepath.Join(dir, "postgres", "bin")
	port, err := freePort()
	if err != nil {
		return "", err
	}
	config := embeddedpostgres.DefaultConfig().Port(uint32(port)).Logger(io.Discard).Encoding("none-only-unpack").
		BinariesPath(filepath.Dir(bin)).RuntimePath(filepath.Join(dir, "unpack"))
	if err := embeddedpostgres.NewDatabase(config).Start(); !hasInitdb(bin) {
		return "", fmt.Errorf("fetch the Postgres binaries: %w; or install them (Debian: package postgresql)", err)
	}
	return bin, makeReadable(ctx, filepath.Dir(bin))
}

// makeReadable lets the other user run what we unpacked.
func makeReadable(ctx context.Context, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if d.IsDir() || mode&0o100 != 0 {
			mode |= 0o111
		}
		if err := os.Chmod(path, mode); err != nil { //nolint:gosec // a folder that only we write
			return err
		}
		return ctx.Err()
	})
}
