package logouttoken

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// Bounds of keeping keys.
const (
	freshFor = 10 * time.Minute // then they are fetched again, beside their use
	keepFor  = 24 * time.Hour   // the last good ones, while none can be had
	pause    = 10 * time.Second // between two fetches: whoever sends made-up kids must not cause more
	maxKeys  = 100
	minRSA   = 2048 // bits
	maxRSA   = 8192
)

// errNoKeys: whether a signature is good cannot be said. errSoon: nor can it of a key that may be
// new, for somebody's made-up kid has just had the keys fetched.
var (
	errNoKeys = errors.New("the issuer's keys cannot be had")
	errSoon   = errors.New("they were fetched a moment ago, and the token's key may be newer")
)

// keys are the issuer's, by kid.
type keys struct {
	fetch func(context.Context) ([]byte, error)
	now   func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	known  map[string]jose.JSONWebKey
	had    time.Time // when known was fetched
	tried  time.Time
	fault  error // of the last try
}

// key finds a key. One that is not known is looked for once, at most every ten seconds; until it
// may be looked for, it is neither there nor absent.
func (k *keys) key(ctx context.Context, kid string) (jose.JSONWebKey, bool, error) {
	found, ok, stale := k.look(kid)
	if ok && !stale {
		return found, true, nil
	}
	_, err, _ := k.flight.Do("", func() (any, error) { return nil, k.refresh(context.WithoutCancel(ctx)) })
	if found, ok, _ = k.look(kid); ok || err == nil {
		return found, ok, nil // the last good ones serve on
	}
	return found, false, fmt.Errorf("%w: %w", errNoKeys, err)
}

func (k *keys) look(kid string) (found jose.JSONWebKey, ok, stale bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.had)
	if age < keepFor {
		found, ok = k.known[kid]
	}
	return found, ok, age >= freshFor
}

// refresh fetches the keys, unless that was tried a moment ago.
func (k *keys) refresh(ctx context.Context) error {
	k.mu.Lock()
	soon, fault := k.now().Sub(k.tried) < pause, k.fault
	if !soon {
		k.tried = k.now()
	}
	k.mu.Unlock()
	if soon {
		return cmp.Or(fault, errSoon)
	}
	raw, err := k.fetch(ctx)
	var known map[string]jose.JSONWebKey
	if err == nil {
		known, err = parseKeys(raw)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fault = err; err == nil {
		k.known, k.had = known, k.now()
	}
	return err
}

// parseKeys reads a JWK set. A symmetric key in it would be public, and two keys of one kid
// are nobody's: the whole set is refused then.
func parseKeys(raw []byte) (map[string]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := strictjson.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("the issuer's keys are %w", err)
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, errors.New("the issuer's keys are none or too many")
	}
	known, seen := map[string]jose.JSONWebKey{}, map[string]bool{}
	for _, one := range set.Keys {
		var about struct {
			Kty string `json:"kty"`
			Use string `json:"use"`
			Kid string `json:"kid"`
		}
		if err := json.Unmarshal(one, &about); err != nil {
			return nil, errors.New("one of the issuer's keys is malformed")
		}
		if about.Kty == "oct" || about.Kid == "" || seen[about.Kid] {
			return nil, errors.New("the issuer's keys hold a symmetric one, one without kid, or two of one kid")
		}
		seen[about.Kid] = true
		var key jose.JSONWebKey
		if json.Unmarshal(one, &key) == nil && about.Use != "enc" && usable(key) { // others are of types that we do not know
			known[about.Kid] = key
		}
	}
	if len(known) == 0 {
		return nil, errors.New("none of the issuer's keys can verify a signature")
	}
	return known, nil
}

func usable(k jose.JSONWebKey) bool {
	if !k.IsPublic() || !k.Valid() {
		return false
	}
	r, ok := k.Key.(*rsa.PublicKey)
	return !ok || r.N.BitLen() >= minRSA && r.N.BitLen() <= maxRSA && r.E >= 3 && r.E%2 == 1
}
