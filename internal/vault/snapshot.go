package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// maxSnapshot bounds what is read: ten million keys, and still no mistaken path to a disk image.
const maxSnapshot = 4 << 30

// SnapshotFile keeps authapi's snapshot on disk, sealed. One process at a time uses a path.
type SnapshotFile struct {
	Path string
	Keys *Keyset
}

// Keep replaces what is there, whole or not at all, and has it on the disk when it returns.
func (f SnapshotFile) Keep(plain []byte) error {
	sealed, err := f.Keys.SealSnapshot(plain)
	if err != nil {
		return err
	}
	return overwrite(f.Path, sealed)
}

// Kept gives what was kept; nil if nothing was.
func (f SnapshotFile) Kept() ([]byte, error) {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the snapshot on disk: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxSnapshot:
		return nil, fmt.Errorf("%s is not a snapshot: correct AUTHAPI_SNAPSHOT_PATH", f.Path)
	}
	sealed, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot on disk: %w", err)
	}
	return f.Keys.OpenSnapshot(sealed)
}
