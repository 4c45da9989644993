// Package timeline tells why a user's keys and tokens are what they are: first the conclusion, then what led to it,
// message by message. It is pure; its callers bring the messages, the keys and the verdicts of now.
package timeline

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// ErrNobody says that no message, token or key names what a story was asked about.
var ErrNobody = errors.New("nothing is known of this id: it is no user, session, key or event that is known here; check it, and the realm")

// WholeKeyError is the answer to a key where its id belongs.
type WholeKeyError struct{ ID string }

func (e *WholeKeyError) Error() string {
	return fmt.Sprintf("this is a whole API key, and its id is %s: ask by that. The key now stands in your shell's history and in the list of processes, so end it: authapi keys revoke %s --reason …", e.ID, e.ID)
}

// Story is what is told of a user.
type Story struct {
	Realm string `json:"realm"`
	User  string `json:"user"` // "" where an event concerns everybody
	Asked Asked  `json:"asked"`
	// Conclusion is what is true now, of what was asked about first.
	Conclusion []Line `json:"conclusion"`
	Steps      []Step `json:"steps"`
	More       bool   `json:"more"` // there are more messages than are told
	// Pruned: the journal was pruned, so earlier messages may be missing, and with them the first causes.
	Pruned bool `json:"pruned"`
}

// Asked is what the name turned out to be.
type Asked struct {
	Kind Kind   `json:"kind" enum:"user,session,key,event,request"`
	ID   string `json:"id"`
}

// Kind is of whom or of what an id is.
type Kind string

// The kinds.
const (
	User    Kind = "user"
	Session Kind = "session"
	AKey    Kind = "key"
	Event   Kind = "event"
	Request Kind = "request" // its refusal led to a key or a user
)

// Line is one part of the conclusion: some keys or tokens of which the same is true.
type Line struct {
	What    string     `json:"what"` // API keys, offline tokens of app
	IDs     []string   `json:"ids"`  // the keys', or the tokens' sessions
	State   string     `json:"state" enum:"admitted,refused,usable,suspended,revoked,unknown,none"`
	Reason  *string    `json:"reason"`
	Since   *time.Time `json:"since"`
	EventID *string    `json:"event_id"`
	// By is what was done, and by whom, as far as the journal tells it.
	By      *string       `json:"by"`
	Actor   *events.Actor `json:"actor"`
	InDoubt bool          `json:"in_doubt"`
	Do      *string       `json:"do"` // what helps
}

// Step is one message, and what changed by it; or something that was done to a key.
type Step struct {
	At       time.Time     `json:"at"`       // Keycloak's clock, or the issuer's
	Received time.Time     `json:"received"` // the log's
	ID       string        `json:"id"`
	From     string        `json:"from"` // listener, backfill, look, authapi, operator, worker, foreign; keys
	What     string        `json:"what"`
	Actor    *events.Actor `json:"actor"`
	Changes  []Change      `json:"changes"`
	Times    int           `json:"times"` // how many looks without a change are told as this one; 0: it is one message

	look, deed bool   // for folding: a look at Keycloak; something that is told though it changes no verdict
	event      string // Keycloak's id of the event that it tells
}

// Change is one verdict that the step changed.
type Change struct {
	What   string `json:"what"` // a token by client and session, or the owner of keys
	Before string `json:"before"`
	After  string `json:"after"`
}

// Told is what a story is made of.
type Told struct {
	Realm, User string
	Messages    []events.Message // in the order of their arrival
	Tokens      []tokenstate.Token
	Keys        []apikey.Listed
	Rules       tokenstate.Rules
	// Facts are what the database knows of the user now. They complete what a pruned journal tells, and have the
	// orders that are on their way to the log.
	Facts tokenstate.Facts
	Now   time.Time // the database's
}
