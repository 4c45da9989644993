package canary

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Session is one offline login of the canary's user.
type Session struct {
	ID    client.TokenID
	Token secret.Text
}

// Keycloak is what the canary does there.
type Keycloak interface {
	Login(ctx context.Context) (Session, error)
	Logout(ctx context.Context, s Session) error
	// Refuses asks for a refresh: whether Keycloak says that the token is dead. Everything else is an error.
	Refuses(ctx context.Context, s Session) (bool, error)
	SetEnabled(ctx context.Context, userID string, enabled bool) error
}

// Authapi is what the canary asks of authapi; *client.Client has it.
type Authapi interface {
	TrackToken(ctx context.Context, t client.TokenID) (*client.StoredToken, error)
	DeleteToken(ctx context.Context, userID, sessionID string) error
	CreateKey(ctx context.Context, userID string, k client.NewKey) (*client.IssuedKey, error)
	RevokeUserKey(ctx context.Context, userID, keyID string) error
	Observe(ctx context.Context, questions ...client.Question) ([]client.Decision, client.Meta, error)
}

// Canary plays rounds. It is for one goroutine.
type Canary struct {
	Keycloak Keycloak
	Authapi  Authapi
	// Patience is how long an answer may take to follow what happened in Keycloak.
	Patience time.Duration
	// Disables: the user is disabled in each round, and enabled again.
	Disables bool

	key *client.IssuedKey
}

// Round plays once, until the first fault. Whatever it has made in Keycloak and authapi it removes again, but for
// the key, which it keeps for the next round.
func (c *Canary) Round(ctx context.Context) []Stage {
	r := &round{Canary: c, ctx: ctx}
	r.whole()
	r.tidy()
	return r.stages
}

func (r *round) whole() {
	r.play(Login, r.login)
	r.play(Store, r.store)
	r.play(Key, r.mint)
	r.play(Living, r.living)
	r.play(Logout, func() error { return r.Keycloak.Logout(r.ctx, r.session) })
	r.play(Revoked, r.revoked)
	r.play(Refused, r.refused)
	r.play(KeyLives, func() error { return r.until(true) })
	if r.Disables {
		r.play(Disable, func() error { return r.enabled(false) })
		r.play(KeyStops, func() error { return r.until(false) })
		r.play(Enable, func() error { return r.enabled(true) })
		r.play(KeyComes, func() error { return r.until(true) })
	}
}

// Close revokes the key.
func (c *Canary) Close(ctx context.Context) error {
	if c.key == nil {
		return nil
	}
	return c.Authapi.RevokeUserKey(ctx, c.key.UserID, c.key.ID)
}

type round struct {
	*Canary
	ctx      context.Context // a round is one call
	stages   []Stage
	session  Session
	stored   bool
	disabled bool
}

func (r *round) play(name string, do func() error) {
	if Fault(r.stages) != nil {
		return
	}
	began := time.Now()
	err := do()
	r.stages = append(r.stages, Stage{name, time.Since(began), err})
}

// tidy has a bound of its own: it is done after a stop, too.
func (r *round) tidy() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), r.Patience)
	defer cancel()
	var errs []error
	if r.disabled {
		errs = append(errs, r.Keycloak.SetEnabled(ctx, r.session.ID.UserID, true))
	}
	if r.session.ID.SessionID != "" {
		errs = append(errs, r.Keycloak.Logout(ctx, r.session))
	}
	if r.stored {
		errs = append(errs, r.Authapi.DeleteToken(ctx, r.session.ID.UserID, r.session.ID.SessionID))
	}
	if err := errors.Join(errs...); err != nil && Fault(r.stages) == nil {
		r.stages = append(r.stages, Stage{Name: "tidy", Fault: err})
	}
}

// lookEvery is how often it is asked whether something has come about.
const lookEvery = 100 * time.Millisecond

// within asks until it is done, for as long as the canary's patience. What is done with a fault has failed for good.
func (r *round) within(ask func() (done bool, err error), otherwise error) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.Patience)
	defer cancel()
	for {
		done, err := ask()
		if done {
			return err
		}
		if pause.For(ctx, lookEvery) != nil {
			return errors.Join(otherwise, err)
		}
	}
}
