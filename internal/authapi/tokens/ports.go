package tokens

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Given is a token to be stored.
type Given struct {
	Token    tokenstate.Token
	Text     secret.Text // empty: it is tracked
	Verified bool
	Scope    string // "": not known
	Narrower bool   // it may take the place of one with more scopes
}

// Store keeps offline tokens, sealed or tracked. Nothing of it is a decision.
type Store interface {
	// Put stores a token. One that is older than what is stored changes nothing; ErrVerifiedStays,
	// ErrNarrower.
	Put(ctx context.Context, g Given) (created bool, version int64, err error)
	// Open gives the text of a sealed token and the iat it stands under now; ErrNotSealed,
	// ErrAltered, ErrLockedOut.
	Open(ctx context.Context, t tokenstate.Token) (secret.Text, tokenstate.Seconds, error)
	Delete(ctx context.Context, realm, user, session string) (n int, version int64, err error)
}
