package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func generated(t *testing.T) Paths {
	t.Helper()
	p := In(t.TempDir())
	if err := Generate(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p Paths) all() []string { return []string{p.Keyset, p.Pepper, p.Master, p.Snapshot} }

func TestGenerate_Load(t *testing.T) {
	t.Parallel()
	p := generated(t)
	for _, path := range p.all() {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v", path, err)
		}
	}
	s, err := Load(p)
	if err != nil || len(s.Peppers) != 1 || len(s.Master.Reveal()) != 32 || s.Peppers[0].Key.Equal(s.Master) {
		t.Fatalf("%v", err)
	}
	c, err := s.Tokens.Seal(row, token)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(p)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, again.Tokens, c)
	left, err := os.ReadDir(strings.TrimSuffix(p.Master, "/master"))
	if err != nil || len(left) != 4 {
		t.Fatalf("temporary files are left: %v %v", left, err)
	}
}

// Ensure one present file stops all of them, and stays as it was.
func TestGenerate_NeverOverwrites(t *testing.T) {
	t.Parallel()
	p := In(t.TempDir())
	if err := os.WriteFile(p.Master, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(p); !errors.Is(err, ErrExists) {
		t.Fatalf("got %v", err)
	}
	if b, err := os.ReadFile(p.Master); err != nil || string(b) != "mine" {
		t.Fatalf("changed: %v", err)
	}
	if _, err := os.Stat(p.Keyset); err == nil {
		t.Fatal("made another file all the same")
	}
	if err := create(p.Master, []byte("x")); !errors.Is(err, os.ErrExist) {
		t.Fatalf("create replaced a file: %v", err)
	}
}

// Ensure each fault is named, all at once, with what to do, and without the content.
func TestLoad_AllFaults(t *testing.T) {
	t.Parallel()
	p := generated(t)
	const canary = "canary-secret"
	for path, content := range map[string]string{p.Keyset: `{"` + canary + `":1}`, p.Pepper: canary} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(p.Master); err != nil {
		t.Fatal(err)
	}
	p.Snapshot = ""
	s, err := Load(p)
	if err == nil || Warning(err) || s.Tokens != nil || s.Peppers != nil {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"AUTHAPI_KEYSET_FILE", "AUTHAPI_PEPPER_FILE", "AUTHAPI_MASTER_FILE", "AUTHAPI_SNAPSHOT_FILE",
		"restore", "secrets generate",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the content is shown: %v", err)
	}
}

// Ensure loose rights are a warning that says chmod, and hide no other fault.
func TestLoad_LooseMode(t *testing.T) {
	t.Parallel()
	p := generated(t)
	if err := os.Chmod(p.Master, 0o640); err != nil {
		t.Fatal(err)
	}
	s, err := Load(p)
	var loose *LooseModeError
	if !errors.As(err, &loose) || !Warning(err) || s.Master.Empty() || !strings.Contains(err.Error(), "chmod 600 "+p.Master) {
		t.Fatalf("got %v", err)
	}
	if err := os.WriteFile(p.Master, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(p); err == nil || Warning(err) || !errors.As(err, &loose) || s.Tokens != nil ||
		Warning(fmt.Errorf("start: %w", errors.Join(loose, err))) {
		t.Fatalf("a fault hides behind loose rights: %v", err)
	}
}

// Ensure a file that somebody else may read is loose, and one that only our group may read, since it is root's, is not:
// so Kubernetes mounts it, and nobody could do better.
func TestLoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode        fs.FileMode
		ours, loose bool
	}{
		{0o600, true, false},
		{0o400, true, false},
		{0o640, true, true},
		{0o604, true, true},
		{0o440, false, false},
		{0o640, false, false},
		{0o660, false, true},
		{0o444, false, true},
		{0o441, false, true},
	} {
		if got := loose(c.mode, c.ours); got != c.loose {
			t.Errorf("mode %04o, ours %v: loose %v", c.mode, c.ours, got)
		}
	}
}

func TestParsePeppers_Rotated(t *testing.T) {
	t.Parallel()
	one, _ := newPepperFile()
	two, _ := newPepperFile()
	ps, err := parsePeppers(append(append([]byte{}, one...), two...))
	if err != nil || len(ps) != 2 || !strings.HasPrefix(string(one), ps[0].ID) {
		t.Fatalf("%v", err)
	}
	for _, bad := range []string{"", "\n", "a", "a b c", "a " + strings.Repeat("A", 43), string(one) + string(one)} {
		if _, err := parsePeppers([]byte(bad)); !errors.Is(err, errPepper) {
			t.Errorf("%d bytes taken", len(bad))
		}
	}
}
