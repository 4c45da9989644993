package vault

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// keyBytes is the length of a pepper and of the master.
const keyBytes = 32

// Paths of the four files, AUTHAPI_{KEYSET,PEPPER,MASTER,SNAPSHOT}_FILE.
type Paths struct{ Keyset, Pepper, Master, Snapshot string }

// In gives the usual names within a directory.
func In(dir string) Paths {
	return Paths{dir + "/keyset.json", dir + "/pepper", dir + "/master", dir + "/snapshot.json"}
}

// Secrets are all keys that authapi holds.
type Secrets struct {
	Tokens   *Keyset        // seals offline tokens
	Snapshot *Keyset        // seals the snapshot on disk
	Peppers  apikey.Peppers // digests API keys; the first is the present one
	Master   secret.Text    // system keys are derived from it; 32 raw bytes
	// OldMasters are the ones before, that live keys were derived from.
	OldMasters []secret.Text
}

// Load reads all four files and reports every fault at once. If the only faults are loose
// rights, the secrets are given as well: see Warning.
func Load(p Paths) (Secrets, error) {
	var s Secrets
	var masters []secret.Text
	err := errors.Join(
		load("AUTHAPI_KEYSET_FILE", p.Keyset, parseKeyset, &s.Tokens),
		load("AUTHAPI_PEPPER_FILE", p.Pepper, parsePeppers, &s.Peppers),
		load("AUTHAPI_MASTER_FILE", p.Master, parseMasters, &masters),
		load("AUTHAPI_SNAPSHOT_FILE", p.Snapshot, parseKeyset, &s.Snapshot),
	)
	if err != nil && !Warning(err) {
		return Secrets{}, err
	}
	s.Master, s.OldMasters = masters[0], masters[1:]
	return s, err
}

func load[T any](name, path string, parse func([]byte) (T, error), into *T) error {
	if path == "" {
		return fmt.Errorf("%s is not set: set it, or run authapi secrets generate", name)
	}
	b, loose := read(path)
	if loose != nil && b == nil {
		return fmt.Errorf("%s: %w", name, loose)
	}
	v, err := parse(b)
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", name, path, err)
	}
	*into = v
	return errors.Join(err, loose)
}

// Warning reports whether err is about nothing but loose rights. errors.As would be content
// with one among other faults.
func Warning(err error) bool {
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case *LooseModeError:
		return true
	case interface{ Unwrap() error }:
		return Warning(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if !Warning(one) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

var (
	errPepper = errors.New("want lines of an id and 32 bytes in base64, the present pepper first: restore the file from your backup")
	errMaster = errors.New("want lines of 32 bytes in base64, the present master first: restore the file from your backup")
)

// parsePeppers reads lines "id base64". Old ones are kept as long as a stored digest names them.
func parsePeppers(b []byte) (apikey.Peppers, error) {
	var ps apikey.Peppers
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 2 || seen[f[0]] {
			return nil, errPepper
		}
		key, err := decode(f[1])
		if err != nil {
			return nil, errPepper
		}
		seen[f[0]] = true
		ps = append(ps, apikey.Pepper{ID: f[0], Key: key})
	}
	if len(ps) == 0 {
		return nil, errPepper
	}
	return ps, nil
}

// parseMasters reads one a line; never none.
func parseMasters(b []byte) ([]secret.Text, error) {
	var ms []secret.Text
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		m, err := decode(strings.TrimSpace(line))
		if err != nil {
			return nil, errMaster
		}
		ms = append(ms, m)
	}
	if len(ms) == 0 {
		return nil, errMaster
	}
	return ms, nil
}

func decode(s string) (secret.Text, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != keyBytes {
		return secret.Text{}, errMaster
	}
	return secret.New(string(b)), nil
}
