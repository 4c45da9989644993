package openhands

import (
	"errors"
	"strconv"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Reasons why an API key stays where it is.
var (
	ErrNobody      = errors.New("no_user")             // its user_id is empty or too long
	ErrUnspeakable = errors.New("cannot_be_presented") // no header can carry it, so nobody uses it
	ErrTaken       = errors.New("another_key_has_this_value")
	ErrRevoked     = errors.New("credentials_revoked") // OpenHands has revoked what its owner had then
	ErrScoped      = errors.New("scoped_key")          // OpenHands lets it do less than its owner may, which authapi knows nothing of
)

// Imported is a key as it is taken over.
type Imported struct {
	apikey.Record
	LastUsed tokenstate.Seconds // 0: never
}

// IDPrefix begins the ids of all keys of a realm that were taken over; the number that OpenHands
// knows the key by follows.
func IDPrefix(realm string) string { return "oh-" + realm + "-" }

// ID is the id of a key that was taken over.
func ID(realm string, id int64) string { return IDPrefix(realm) + strconv.FormatInt(id, 10) }

// maxID bounds what an order may name, so that each key taken over can be revoked.
const maxID = 255

// Take makes our record of a key. Nothing but its digest is kept of the value. All keys of one
// name stay valid, for running containers hold them; the one that a mint gives from now on is
// derived, and revoking the name ends them all.
func (k Key) Take(realm string, pepper apikey.Pepper) (Imported, error) {
	p, id := k.presented(), ID(realm, k.ID)
	switch {
	case k.Scoped:
		return Imported{}, ErrScoped
	case k.Revoked:
		return Imported{}, ErrRevoked
	case k.User == "" || len(k.User) > maxID || len(id) > maxID:
		return Imported{}, ErrNobody
	case !p.Legacy():
		return Imported{}, ErrUnspeakable
	}
	rec := apikey.Record{
		ID: id, Realm: realm, User: k.User, Org: k.Org, Name: k.Name, Kind: apikey.KindLegacy, Generation: 1,
		Created: k.Created, Expires: k.Expires, NotBefore: k.NotBefore, Digest: apikey.Digest(pepper, p), PepperID: pepper.ID,
	}
	if rec.Expires != 0 && rec.Created >= rec.Expires {
		rec.Created = rec.Expires - 1 // it never was valid; the database wants the order all the same
	}
	return Imported{rec, k.LastUsed}, nil
}

// presented is the zero value for what no request can carry.
func (k Key) presented() apikey.Presented {
	p, _ := apikey.Parse(k.Key.Reveal())
	return p
}

func (k Key) presentable() bool { return k.presented().Legacy() }
