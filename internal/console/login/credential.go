package login

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Credential is the login by a service credential.
type Credential struct {
	// Try asks authapi whether a credential is good and has the scope explain: nil if so,
	// console.ErrOut if not.
	Try func(ctx context.Context, credential string) error
}

// Check implements console.Credential. What cannot be a credential is sent nowhere.
func (c Credential) Check(ctx context.Context, text string) (console.Visitor, console.Identity, error) {
	if p, err := apikey.Parse(text); err != nil || p.Legacy() {
		return console.Visitor{}, nil, console.ErrOut
	}
	id := bearer{c, secret.New(text)}
	v, err := id.Still(ctx)
	return v, id, err
}

type bearer struct {
	by   Credential
	text secret.Text
}

// Still implements console.Identity.
func (b bearer) Still(ctx context.Context) (console.Visitor, error) {
	if err := b.by.Try(ctx, b.text.Reveal()); err != nil {
		return console.Visitor{}, err
	}
	return console.Visitor{Name: "a service credential", Role: console.Support}, nil
}
