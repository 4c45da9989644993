package vault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Errors of rotating a file of keys.
var (
	ErrNoSuchKey = errors.New("the file holds no key of that id: see authapi secrets check")
	// ErrPresent: the present key cannot be dropped.
	ErrPresent = errors.New("that key is the present one: promote another first")
)

// Kind of a file that holds several keys, one of them the present one.
type Kind string

// The kinds of files.
const (
	KindPepper   Kind = "pepper"
	KindMaster   Kind = "master"
	KindKeyset   Kind = "keyset"
	KindSnapshot Kind = "snapshot"
)

// Kinds lists all of them.
func Kinds() []Kind { return []Kind{KindPepper, KindMaster, KindKeyset, KindSnapshot} }

// Path of a kind's file.
func (p Paths) Path(k Kind) string {
	return map[Kind]string{KindPepper: p.Pepper, KindMaster: p.Master, KindKeyset: p.Keyset, KindSnapshot: p.Snapshot}[k]
}

// A file is rotated in three steps, each of which is rolled out to every replica before the next:
// add a key, which is only known; promote it, so that it is used; drop the old one when nothing
// needs it any more. In one step a replica would meet what another one made and not know it.

// Add puts a fresh key into a file, not yet the present one, and gives its id.
func Add(k Kind, path string) (id string, err error) {
	err = change(k, path, func(r ring) (err error) {
		id, err = r.add()
		return err
	})
	return id, err
}

// Promote makes a key the present one; the others are still known.
func Promote(k Kind, path, id string) error {
	return change(k, path, func(r ring) error { return r.promote(id) })
}

// Drop removes a key for good. The caller has seen that nothing needs it.
func Drop(k Kind, path, id string) error {
	return change(k, path, func(r ring) error {
		if ids := r.ids(); len(ids) > 0 && ids[0] == id {
			return ErrPresent
		}
		return r.drop(id)
	})
}

// IDs of a file's keys, the present one first.
func IDs(k Kind, path string) ([]string, error) {
	r, err := open(k, path)
	if err != nil {
		return nil, err
	}
	return r.ids(), nil
}

// open takes loose rights: they are told elsewhere, and the file keeps them.
func open(k Kind, path string) (ring, error) {
	b, err := read(path)
	if err != nil && (b == nil || !Warning(err)) {
		return nil, err
	}
	var r ring
	switch k {
	case KindPepper:
		r, err = peppersOf(b)
	case KindMaster:
		r, err = mastersOf(b)
	default:
		r, err = keysOf(b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func change(k Kind, path string, f func(ring) error) error {
	r, err := open(k, path)
	if err == nil {
		err = f(r)
	}
	if err != nil {
		return err
	}
	b, err := r.content()
	if err != nil {
		return err
	}
	return replace(path, b)
}

// replace writes a file anew, whole or not at all, with the rights and the owner that it had.
func replace(path string, content []byte) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // beside the operator's own file
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp)
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), keepOwner(f, info), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}
