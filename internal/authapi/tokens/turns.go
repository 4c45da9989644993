package tokens

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Turns lets one replica at a time refresh a session's token, and gives what came of it to the
// others: with rotation on, two refreshes of one token end the session.
type Turns interface {
	// Take asks whose turn it is. The caller's ends after TurnLease, whatever happens to it; ErrNotSealed.
	Take(ctx context.Context, t tokenstate.Token, want Fresh) (Turn, error)
	// Finish seals and stores the new refresh token, and the access token for the others, in one
	// transaction.
	Finish(ctx context.Context, t tokenstate.Token, turn string, r Refreshed) error
	// Leave gives the turn back without a result. With settle the refresh may have happened, or be
	// about to: nobody gets the turn before that has passed, and then unsure.
	Leave(ctx context.Context, t tokenstate.Token, turn string, settle time.Duration) error
	// Forget makes nobody reuse the access token that another replica had.
	Forget(ctx context.Context, t tokenstate.Token) error
	Prune(context.Context) error
}

// Fresh says which access token may be used again.
type Fresh struct{ MinValid, MaxAge time.Duration }

// Turn is the answer to who refreshes: with an ID it is ours, with Shared another replica was faster,
// else another one is at it.
type Turn struct {
	ID     string
	Unsure bool // the refresh before ours may have happened; ask before repeating it
	Shared *Shared
}

// Shared is an access token that another replica had.
type Shared struct {
	Access    secret.Text
	Age, Left time.Duration
}

// Refreshed is what a refresh brought.
type Refreshed struct {
	Access     secret.Text
	Took, Left time.Duration // since it was asked for; until it expires
	Next       *Given        // nil: the refresh token stays as it is
}

// TurnLease is how long a replica may be at a refresh: longer than it gives Keycloak, so that it
// still has the turn when it stores the outcome.
const TurnLease = answerLimit + 5*time.Second
