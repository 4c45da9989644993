package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// LooseModeError says that others may read a file of keys. It is a warning in so far as Load
// still gives the secrets when nothing else is wrong; refuse to start unless told otherwise.
type LooseModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *LooseModeError) Error() string {
	return fmt.Sprintf("%s can be read by others (mode %04o): run chmod 600 %s", e.Path, e.Mode, e.Path)
}

// maxFile bounds what is read: a wrong path, to a log say, must not fill the memory.
const maxFile = 1 << 20

// read gives the content; with loose rights the content and a *LooseModeError.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: run authapi secrets generate, or restore it from your backup", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read a file of keys: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is not a file of keys: correct the path", path)
	}
	b, err := os.ReadFile(path) //nolint:gosec // the path is the operator's configuration
	if err != nil {
		return nil, fmt.Errorf("read a file of keys: %w", err)
	}
	if mode := info.Mode().Perm(); loose(mode, ours(info)) {
		return b, &LooseModeError{path, mode}
	}
	return b, nil
}

// loose says that others than the program may read a file, or write it. One of another user that the program reads as a
// member of a group cannot be narrower: so Kubernetes mounts a Secret for a program that is not root. A warning of it at
// every start could not be heeded.
func loose(mode fs.FileMode, ours bool) bool {
	if ours {
		return mode&0o077 != 0
	}
	return mode&0o037 != 0
}

// create writes a new file of mode 0600 whole or not at all. It never replaces one: link, not
// rename, since lost keys mean lost tokens.
func create(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".authapi-*") // mode 0600
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	return syncDir(dir)
}

// overwrite writes a file of mode 0600 whole, or leaves the one before it, if there is one.
func overwrite(path string, write func(io.Writer) error) error {
	tmp := path + ".new"                                                  // one name, so that crashes leave one file behind
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // the path is the operator's configuration
	if err != nil {
		return fmt.Errorf("create %s: %w", tmp, err)
	}
	err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory of a configured path
	if err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	return nil
}
