package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// ring is the keys of a file. ids has the present one first.
type ring interface {
	ids() []string
	add() (id string, err error)
	promote(id string) error
	drop(id string) error
	content() ([]byte, error)
}

// lines are peppers or masters: one a line, the present one first.
type lines struct {
	all   []line
	fresh func() line
}

type line struct{ id, text string }

func peppersOf(b []byte) (*lines, error) {
	ps, err := parsePeppers(b)
	if err != nil {
		return nil, err
	}
	l := &lines{fresh: func() line {
		id := hex.EncodeToString(random(4))
		return line{id, id + " " + base64.StdEncoding.EncodeToString(random(keyBytes))}
	}}
	for _, p := range ps {
		l.all = append(l.all, line{p.ID, p.ID + " " + encode(p.Key)})
	}
	return l, nil
}

func mastersOf(b []byte) (*lines, error) {
	ms, err := parseMasters(b)
	if err != nil {
		return nil, err
	}
	of := func(m secret.Text) line { return line{MasterID(m), encode(m)} }
	l := &lines{fresh: func() line { return of(secret.New(string(random(keyBytes)))) }}
	for _, m := range ms {
		l.all = append(l.all, of(m))
	}
	return l, nil
}

func encode(key secret.Text) string { return base64.StdEncoding.EncodeToString([]byte(key.Reveal())) }

// MasterID names a master without telling anything of it: its file has no place for a name.
func MasterID(m secret.Text) string {
	mac := hmac.New(sha256.New, []byte(m.Reveal()))
	_, _ = mac.Write([]byte("tokenstate/master/v1/id"))
	return hex.EncodeToString(mac.Sum(nil)[:4])
}

func (l *lines) ids() (ids []string) {
	for _, one := range l.all {
		ids = append(ids, one.id)
	}
	return ids
}

func (l *lines) add() (string, error) {
	one := l.fresh()
	l.all = append(l.all, one)
	return one.id, nil
}

func (l *lines) at(id string) (int, error) {
	if i := slices.IndexFunc(l.all, func(one line) bool { return one.id == id }); i >= 0 {
		return i, nil
	}
	return 0, ErrNoSuchKey
}

func (l *lines) promote(id string) error {
	i, err := l.at(id)
	if err == nil {
		one := l.all[i]
		l.all = slices.Insert(slices.Delete(l.all, i, i+1), 0, one)
	}
	return err
}

func (l *lines) drop(id string) error {
	i, err := l.at(id)
	if err == nil {
		l.all = slices.Delete(l.all, i, i+1)
	}
	return err
}

func (l *lines) content() ([]byte, error) {
	var b strings.Builder
	for _, one := range l.all {
		b.WriteString(one.text + "\n")
	}
	return []byte(b.String()), nil
}

// keys are Tink's.
type keys struct{ *Keyset }

func keysOf(b []byte) (*keys, error) {
	k, err := parseKeyset(b)
	return &keys{k}, err
}

func (k *keys) ids() []string { return k.IDs() }

func (k *keys) add() (id string, err error) {
	next, id, err := k.Add()
	k.Keyset = next
	return id, err
}

func (k *keys) promote(id string) error {
	next, err := k.Promote(id)
	if errors.Is(err, ErrUnknownKey) {
		return ErrNoSuchKey
	}
	k.Keyset = next
	return err
}

func (k *keys) drop(id string) error {
	next, err := k.Drop(id)
	if errors.Is(err, ErrUnknownKey) {
		return ErrNoSuchKey
	}
	k.Keyset = next
	return err
}

func (k *keys) content() ([]byte, error) { return k.clear() }
