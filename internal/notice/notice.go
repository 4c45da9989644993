// Package notice decides what people are told: that a user must log in again or has done so, that a login or a key
// will expire, that a user is closed or open again. It compares what is so with what was told last, so that each change is told once,
// whoever compares and however often. Clock, database and delivery are its callers'.
package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Type is a CloudEvents type.
type Type string

// The types of notices.
const (
	LoginNeeded   Type = "io.tokenstate.login.needed"
	LoginRestored Type = "io.tokenstate.login.restored"
	LoginExpiring Type = "io.tokenstate.login.expiring"
	UserClosed    Type = "io.tokenstate.user.closed"
	UserOpened    Type = "io.tokenstate.user.opened"
	KeyExpiring   Type = "io.tokenstate.key.expiring"
)

// Types lists all of them.
func Types() []Type {
	return []Type{LoginNeeded, LoginRestored, LoginExpiring, UserClosed, UserOpened, KeyExpiring}
}

// Subject is what a notice is about: a user's login with a client, a key, or with neither the user.
type Subject struct{ Realm, User, Client, Key string }

// Told is the last notice about a subject; zero: none.
type Told struct {
	Type  Type
	Cause string
	ID    string
}

// Notice is something to tell.
type Notice struct {
	Type    Type
	Subject Subject
	Last    Told   // what was told before, whose place this one takes
	Cause   string // what decided it

	InDoubt   bool              // something happened that no look has settled yet
	NotBefore tokenstate.Millis // it does not count earlier

	Session   string
	TokenUser string // whom the token names, where that is not the user
	Reason    string
	Since     tokenstate.Millis
	EventID   string
	KeysPass  bool
	Expires   tokenstate.Seconds
}

// ID is the same for the same change of the same subject after the same history, so that a worker that tells it again,
// also from a restored database, tells it under the same id. It hangs on the notice before, since one cause can come back:
// a user is disabled and enabled, and looks of two nodes may disagree on which was later.
func (n Notice) ID() string {
	s := n.Subject
	sum := sha256.Sum256([]byte(strings.Join([]string{string(n.Type), s.Realm, s.User, s.Client, s.Key, n.Cause, n.Last.ID}, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // a UUID of version 8: made of what it stands for
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// Tells is what was told once the notice is written.
func (n Notice) Tells() Told { return Told{n.Type, n.Cause, n.ID()} }

// Written is a notice with its CloudEvent.
type Written struct {
	Notice

	Body []byte
	For  []string // the endpoints that are to get it
}

// ErrOvertaken is given by whoever keeps notices: another worker has told more, or what these were decided from is too old.
// None of them was written.
var ErrOvertaken = errors.New("these notices are overtaken")
