package authapi

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// IdentityProvider is Keycloak, asked as the application's own client. An error that is not a
// *Refusal means that nothing was learnt; see Unanswered.
type IdentityProvider interface {
	// Parse reads a refresh token's claims without verifying it; ErrUnreadable.
	Parse(secret.Text) (Claims, error)
	// Issuer is what tokens of our realm carry as iss.
	Issuer(context.Context) (string, error)
	Introspect(context.Context, secret.Text) (Introspection, error)
	// Refresh is never repeated and never used as a test. A *Refusal is Keycloak's word.
	Refresh(context.Context, secret.Text) (Grant, error)
	// Exchange trades an access token for one for another client of the realm. A *Refusal is no
	// word on the offline token.
	Exchange(ctx context.Context, access secret.Text, audience string) (Grant, error)
	// Classify says what a refusal that somebody else saw means for the token.
	Classify(status int, code, description string) *Refusal
	// Logout ends the session of a refresh token, or of an offline one. A *Refusal: nothing is
	// ended, for Keycloak refuses the token now and may take it again.
	Logout(context.Context, secret.Text) (alreadyDead bool, err error)
	LookUser(ctx context.Context, user string) (Look, error)
}

// Claims are what a refresh token says of itself.
type Claims struct {
	Issuer, User, Session, ClientID string
	Scope                           string // separated by blanks
	IssuedAt                        tokenstate.Seconds
	Expires                         tokenstate.Seconds // exp; 0: it has none
	Offline                         bool
}

// Introspection is Keycloak's word on a token; the rest holds only if Active.
type Introspection struct {
	Active bool
	Claims
}

// Grant is what a refresh brings. Next is the refresh token to keep, if it is another one.
type Grant struct {
	Access  secret.Text
	Expires time.Duration
	Next    secret.Text
}

// Look is what the application's account sees of a user.
type Look struct{ Gone, Enabled bool }

// Refusal is Keycloak's word that it does not refresh exactly this token.
type Refusal struct {
	Records                   bool // it is about the token, and to be remembered
	Code, Description, Reason string
}

func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Given is a token to be stored.
type Given struct {
	Token    tokenstate.Token
	Text     secret.Text // empty: it is tracked
	Verified bool
	Scope    string // "": not known
	Narrower bool   // it may take the place of one with more scopes
}

// Tokens keeps offline tokens, sealed or tracked. Nothing of it is a decision.
type Tokens interface {
	// Put stores a token. One that is older than what is stored changes nothing; ErrVerifiedStays,
	// ErrNarrower.
	Put(ctx context.Context, g Given) (created bool, version int64, err error)
	// Open gives the text of a sealed token and the iat it stands under now; ErrNotSealed,
	// ErrAltered, ErrLockedOut.
	Open(ctx context.Context, t tokenstate.Token) (secret.Text, tokenstate.Seconds, error)
	Delete(ctx context.Context, realm, user, session string) (n int, version int64, err error)
}

// Keys keeps API keys' digests.
type Keys interface {
	// Mint is the atomic get-or-create of a system key. decide names the generation that must
	// exist, given the newest one (nil if none); build makes it.
	Mint(ctx context.Context, k SystemKey, decide func(*apikey.Record, apikey.Owned) (uint64, error), build func(generation uint64, at tokenstate.Seconds) apikey.Record) (apikey.Record, int64, error)
	// Revoke ends the newest generation; with block no other can be minted. It writes the
	// order that revoke makes of the key's id, effective at the commit.
	Revoke(ctx context.Context, k SystemKey, block bool, order func(keyID string) events.Message) (found bool, version int64, err error)
}

// SystemKey names a system key. Name has no prefix.
type SystemKey struct{ Realm, User, Org, Name string }

// Orders takes what this program decides or saw itself; effective at the commit.
type Orders interface {
	Submit(context.Context, events.Message) (version int64, err error)
	// SubmitReaching is Submit, and says what the order found at its commit.
	SubmitReaching(context.Context, events.Message) (version int64, r Reached, err error)
	// Refused says whether the last refresh of exactly this token that was told of was refused.
	Refused(context.Context, tokenstate.Token) (bool, error)
	// Now is the database's time, which orders are dated by.
	Now(context.Context) (tokenstate.Millis, error)
}

// Reached is what an order covers of what is stored. About nobody that is known it covers nothing,
// and holds for whoever comes under it.
type Reached struct {
	Users  int64 `json:"users" doc:"whose they are"`
	Tokens int64 `json:"tokens" doc:"stored or tracked offline tokens"`
	Keys   int64 `json:"keys" doc:"API keys that were neither revoked nor expired"`
}

// Stories tells how verdicts came about; timeline.ErrNobody.
type Stories interface {
	Explain(ctx context.Context, realm, userOrSession string) (timeline.Story, error)
}
