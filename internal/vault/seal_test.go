package vault

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/secret"
)

var (
	row   = Row{"demo", "app", "s1", "r1", ""}
	token = secret.New("canary-offline-token")
)

func sealed(t *testing.T) (*Keyset, Sealed) {
	t.Helper()
	k, err := NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Seal(row, token)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

func opens(t *testing.T, k *Keyset, s Sealed) {
	t.Helper()
	if got, err := k.Open(row, s); err != nil || !got.Equal(token) {
		t.Fatalf("does not open: %v", err)
	}
}

// Ensure a ciphertext opens in its own row only, also where names hold the separator.
func TestOpen_Moved(t *testing.T) {
	t.Parallel()
	k, s := sealed(t)
	opens(t, k, s)
	for _, other := range []Row{
		{},
		{"demo2", "app", "s1", "r1", ""},
		{"demo", "app2", "s1", "r1", ""},
		{"demo", "app", "s2", "r1", ""},
		{"demo", "app", "s1", "r2", ""},
		{"app", "demo", "s1", "r1", ""},
		{"demo|app", "", "s1", "r1", ""},
		{"demo", "app", "s1", "r1", "access"},
	} {
		if got, err := k.Open(other, s); !errors.Is(err, ErrNotOpened) || !got.Empty() {
			t.Errorf("%v: opened: %v", other, err)
		}
	}
}

// Ensure a binding can be read back, whatever separators the names hold: what has an inverse
// is shared by no two rows.
func TestRow_BindsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a|:01]{0,12}`)
		var f [5]string
		for i := range f {
			f[i] = text.Draw(t, "field")
		}
		rest := strings.TrimPrefix(string(Row{f[0], f[1], f[3], f[4], ""}.bind(f[2])), "v1")
		for _, want := range f {
			length, after, ok := strings.Cut(strings.TrimPrefix(rest, "|"), ":")
			n, err := strconv.Atoi(length)
			if !ok || err != nil || n > len(after) || after[:n] != want {
				t.Fatalf("cannot read %q from %q", want, rest)
			}
			rest = after[n:]
		}
		if rest != "" {
			t.Fatalf("%q is left", rest)
		}
	})
}

// Ensure every flipped bit, every shorter ciphertext and a foreign keyset are refused.
func TestOpen_Altered(t *testing.T) {
	t.Parallel()
	k, s := sealed(t)
	try := func(c []byte) {
		t.Helper()
		if got, err := k.Open(row, Sealed{s.KeyID, c}); !errors.Is(err, ErrNotOpened) || !got.Empty() {
			t.Fatalf("opened: %v", err)
		}
	}
	for i := range s.Ciphertext {
		for bit := range 8 {
			c := append([]byte(nil), s.Ciphertext...)
			c[i] ^= 1 << bit
			try(c)
		}
		try(s.Ciphertext[:i])
	}
	try(append(append([]byte(nil), s.Ciphertext...), 0))
	foreign, _ := sealed(t)
	if _, err := foreign.Open(row, s); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("foreign keyset: %v", err)
	}
}

// Ensure what the old key sealed still opens after a rotation, and the new key seals.
func TestKeyset_Rotation(t *testing.T) {
	t.Parallel()
	k, old := sealed(t)
	added, id, err := k.Add()
	if err != nil {
		t.Fatal(err)
	}
	if added.Primary() != k.Primary() {
		t.Fatal("an added key must not seal before it is everywhere")
	}
	promoted, err := added.Promote(id)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, promoted, old)
	fresh, err := promoted.Seal(row, token)
	if err != nil || fresh.KeyID != id {
		t.Fatalf("sealed under %s, not %s: %v", fresh.KeyID, id, err)
	}
	opens(t, added, fresh)
	if _, err := k.Open(row, fresh); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("the old keyset: %v", err)
	}
	if _, err := k.Promote(id); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("promoted a key that is not there: %v", err)
	}
	moved := Sealed{k.Primary(), fresh.Ciphertext}
	if _, err := promoted.Open(row, moved); !errors.Is(err, ErrNotOpened) {
		t.Fatalf("another key id: %v", err)
	}
}

// Ensure the snapshot's key and tokens cannot stand in for each other.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	k, s := sealed(t)
	var out bytes.Buffer
	w, err := k.sealing(&out)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("all"))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	raw := out.Bytes()
	r, err := k.opening(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "all" {
		t.Fatalf("snapshot: %q %v", b, err)
	}
	token := append([]byte{streamForm, byte(len(s.Ciphertext))}, s.Ciphertext...)
	if _, err := k.opening(bytes.NewReader(append(token, raw[2+raw[1]:]...))); !errors.Is(err, ErrNotOpened) {
		t.Fatalf("a token opened as the key of a snapshot: %v", err)
	}
}
