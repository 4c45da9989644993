package consoletest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/tokenstate/tokenstate/internal/console"
)

// OIDC is the identity provider. The code that it gives back names the roles.
type OIDC struct {
	Issuer string

	mu   sync.Mutex
	out  bool
	away bool
	left int
}

// Disable puts everybody out.
func (o *OIDC) Disable() { o.mu.Lock(); defer o.mu.Unlock(); o.out = true }

// GoAway makes it answer nothing, or answer again.
func (o *OIDC) GoAway(away bool) { o.mu.Lock(); defer o.mu.Unlock(); o.away = away }

func (o *OIDC) state() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.out:
		return console.ErrOut
	case o.away:
		return errors.New("away")
	}
	return nil
}

// Begin implements console.OIDC.
func (o *OIDC) Begin(context.Context) (string, console.Flow, error) {
	return o.Issuer + "/auth?state=S", console.Flow{State: "S", Nonce: "N", Verifier: "V"}, o.state()
}

// Finish implements console.OIDC.
func (o *OIDC) Finish(_ context.Context, _ console.Flow, code string) (console.Visitor, console.Identity, error) {
	roles := strings.Fields(code)
	v := console.Visitor{Name: "ann <admin>", Role: console.RoleOf(roles), Realms: console.RealmsOf(roles), Person: true, Realm: "master", Subject: "subject", Session: "sid"}
	return v, is{o, v}, o.state()
}

// LoggedOut implements console.OIDC: a token names the session that it ends.
func (o *OIDC) LoggedOut(_ context.Context, token string) (subject, session string, err error) {
	if session, ok := strings.CutPrefix(token, "ends "); ok {
		return "subject", session, o.state()
	}
	return "", "", console.ErrOut
}

// Check implements console.Credential.
func (o *OIDC) Check(_ context.Context, credential string) (console.Visitor, console.Identity, error) {
	if credential != "good" {
		return console.Visitor{}, nil, console.ErrOut
	}
	v := console.Visitor{Name: "a service credential", Role: console.Support}
	return v, is{o, v}, nil
}

type is struct {
	of *OIDC
	v  console.Visitor
}

// Leave implements console.Leaver.
func (i is) Leave(context.Context) error {
	err := i.of.state()
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	i.of.left++
	return err
}

// Left is how many logins were ended.
func (o *OIDC) Left() int { o.mu.Lock(); defer o.mu.Unlock(); return o.left }

// Still implements console.Identity.
func (i is) Still(context.Context) (console.Visitor, error) { return i.v, i.of.state() }
