package vault

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// Ensure each kind is rotated in three steps, that the present key changes at the second only, and
// that the program can load the file after each.
func TestRotate(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		p := generated(t)
		path := p.Path(k)
		before, err := IDs(k, path)
		if err != nil || len(before) != 1 {
			t.Fatalf("%s: %v %v", k, before, err)
		}
		id, err := Add(k, path)
		if err != nil {
			t.Fatal(err)
		}
		ids := func(want ...string) {
			t.Helper()
			got, err := IDs(k, path)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v, %v", k, got, want, err)
			}
			if _, err := Load(p); err != nil {
				t.Errorf("%s: %v", k, err)
			}
		}
		ids(before[0], id)
		if err := Drop(k, path, before[0]); !errors.Is(err, ErrPresent) {
			t.Errorf("%s: the present key was dropped: %v", k, err)
		}
		if err := Promote(k, path, id); err != nil {
			t.Fatal(err)
		}
		ids(id, before[0])
		for _, step := range []func(Kind, string, string) error{Promote, Drop} {
			if err := step(k, path, "4711"); !errors.Is(err, ErrNoSuchKey) {
				t.Errorf("%s: got %v", k, err)
			}
		}
		if err := Drop(k, path, before[0]); err != nil {
			t.Fatal(err)
		}
		ids(id)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", k, err)
		}
		if left, err := os.ReadDir(strings.TrimSuffix(p.Master, "/master")); err != nil || len(left) != 4 {
			t.Errorf("%s: files are left: %v", k, left)
		}
	}
}

// Ensure a rotated file still holds the very keys it held.
func TestRotate_KeepsKeys(t *testing.T) {
	t.Parallel()
	p := generated(t)
	old, err := Load(p)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := old.Tokens.Seal(row, token)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		id, err := Add(k, p.Path(k))
		if err == nil {
			err = Promote(k, p.Path(k), id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(p)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, s.Tokens, sealed)
	if len(s.OldMasters) != 1 || !s.OldMasters[0].Equal(old.Master) || s.Master.Equal(old.Master) ||
		len(s.Peppers) != 2 || !s.Peppers[1].Key.Equal(old.Peppers[0].Key) || s.Peppers[1].ID != old.Peppers[0].ID {
		t.Error("a key was lost or mixed up")
	}
}

// Ensure what is no file of keys is left as it is.
func TestRotate_BadFile(t *testing.T) {
	t.Parallel()
	p := generated(t)
	for _, k := range Kinds() {
		if err := os.WriteFile(p.Path(k), []byte("canary"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Add(k, p.Path(k))
		if b, _ := os.ReadFile(p.Path(k)); err == nil || strings.Contains(err.Error(), "canary") || string(b) != "canary" {
			t.Errorf("%s: %v", k, err)
		}
		if _, err := Add(k, p.Path(k)+".gone"); err == nil {
			t.Errorf("%s: a file that is not there was rotated", k)
		}
	}
}
