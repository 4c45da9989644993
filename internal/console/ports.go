package console

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Knowledge is what is known of users and tokens: a projection of the console's own.
type Knowledge interface {
	Now() time.Time
	Ready() (ok bool, why string)
	KnownUntil() tokenstate.Millis
	Nodes() []hearing.Beat
	Realms() map[string]int
	Holds(realm, user string) bool
	Owner(realm, user string) tokenstate.Ownership
	TokensOf(realm, user, clientID string) []projection.Token
	Best(realm, user, clientID string, want func(projection.Token) bool) (projection.Token, tokenstate.Verdict, bool)
	Judge(tokenstate.Token) tokenstate.Verdict
	KeyCut(realm, user, id string) (c tokenstate.Cutoff, cause string, ok bool)
	// Pardoning lets ask judge by what is known with the cutoffs of one cause taken back.
	Pardoning(cause string, ask func(tokenstate.Facts, tokenstate.Rules))
}

// Rows reads what lies in Postgres only. Each call is bounded by its context.
type Rows interface {
	Log(context.Context) (page.Log, error)
	Keys(context.Context, KeyFilter) ([]apikey.Listed, error)
	Key(ctx context.Context, id string) (k apikey.Listed, found bool, err error)
	// Named are the users who have a token of that name: their own, or a session's.
	Named(ctx context.Context, name string) ([]tokenstate.Scope, error)
	Tokens(context.Context, TokenFilter) ([]projection.Token, error)
	// Orders are orders and pardons of the log, the latest first.
	Orders(ctx context.Context, most int) ([]events.Message, error)
	Parked(ctx context.Context, most int) ([]journal.Parked, error)
	Acts(context.Context, ActFilter) ([]page.Act, error)
}

// Checks hold the state against the journal. They read, and change nothing; seen is told of progress.
type Checks interface {
	// Verify proves that facts, journal, view and feed agree.
	Verify(ctx context.Context, seen func(done, of int64)) (page.Outcome, error)
	// Replay says which verdicts would change if the journal were learnt once more.
	Replay(ctx context.Context, seen func(done, of int64)) (page.Outcome, error)
}

// TokenFilter selects tokens. What is empty selects nothing out.
type TokenFilter struct {
	Realm, ClientID, Custody string
	After                    tokenstate.Token // the last token of the page before
	Most                     int
}

// ActFilter selects acts. What is empty selects nothing out.
type ActFilter struct {
	Actor, Action, Target string
	Before                int64 // number of the last act of the page before
	Most                  int
}

// KeyFilter selects keys. What is zero selects nothing out.
type KeyFilter struct {
	Realm, User              string
	Kind                     apikey.Kind
	Live                     bool
	UnusedBefore, EndsBefore time.Time
	After                    string // id of the last key of the page before
	Most                     int
}

// What Authapi answers instead of what was asked for.
var (
	ErrUnknown       = errors.New("authapi knows nothing of it")
	ErrNotConfigured = errors.New("the console has no credential for authapi: set CONSOLE_AUTHAPI_URL and CONSOLE_SERVICE_KEY")
)

// RefusedError is what authapi does not take, and why.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }

// Authapi is asked over HTTP, with the console's own credential and for a person.
type Authapi interface {
	// Explain tells a user's story; ErrUnknown.
	Explain(ctx context.Context, by Visitor, userOrSession string) (timeline.Story, error)
	// Told is what applications show a user; nil for a user with whom all is well.
	Told(ctx context.Context, by Visitor, user string) (*page.Told, error)
	// ByEmail finds users of Realm by an e-mail address, which Keycloak is asked for.
	ByEmail(ctx context.Context, by Visitor, email string) (users []string, err error)
	// Refused finds refusals by request id, the latest first.
	Refused(ctx context.Context, by Visitor, requestID string) ([]page.Refusal, error)
	// Give gives an order about a user of Realm.
	Give(ctx context.Context, by Visitor, i page.Intent) (page.Done, error)
	// Realm is that of its credential; "" if it is not known.
	Realm() string
}
