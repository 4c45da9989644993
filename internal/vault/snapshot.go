package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// SnapshotFile keeps authapi's snapshot on disk, sealed. One process at a time uses a path.
type SnapshotFile struct {
	Path string
	Keys *Keyset
}

// Keep replaces what is there by what write writes, whole or not at all, and has it on the disk when it returns.
func (f SnapshotFile) Keep(write func(io.Writer) error) error {
	return overwrite(f.Path, func(file io.Writer) error {
		sealed, err := f.Keys.sealing(file)
		if err != nil {
			return err
		}
		return errors.Join(write(sealed), sealed.Close())
	})
}

// Kept reads what was kept; nil if nothing was. The caller closes it.
func (f SnapshotFile) Kept() (io.ReadCloser, error) {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the snapshot on disk: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a snapshot: correct AUTHAPI_SNAPSHOT_PATH", f.Path)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot on disk: %w", err)
	}
	opened, err := f.Keys.opening(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{opened, file}, nil
}
