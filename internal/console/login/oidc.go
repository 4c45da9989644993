// Package login is how people come into the console: by OpenID Connect, or by a service credential
// while the identity provider is away.
package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/logouttoken"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// callLimit bounds one question to the identity provider.
const callLimit = 10 * time.Second

// OIDC is the client of one issuer.
type OIDC struct {
	Issuer, ClientID string
	Secret           secret.Text
	Redirect         string // where the issuer sends people back to

	mu       sync.Mutex
	provider *oidc.Provider
	logouts  *logouttoken.Verifier
}

// httpClient follows no redirect: the client's secret goes to no other address than discovery named.
var httpClient = &http.Client{
	Timeout:       callLimit,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// discovered asks for the issuer's addresses once it answers, so that a console can start without it.
func (o *OIDC) discovered(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(ctx, httpClient), o.Issuer)
		if err != nil {
			return nil, fmt.Errorf("discover the issuer: %w", err)
		}
		o.provider = p
	}
	return o.provider, nil
}

func (o *OIDC) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.Secret.Reveal(), RedirectURL: o.Redirect, Endpoint: p.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// Begin implements console.OIDC.
func (o *OIDC) Begin(ctx context.Context) (string, console.Flow, error) {
	p, err := o.discovered(ctx)
	if err != nil {
		return "", console.Flow{}, err
	}
	f := console.Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return o.config(p).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish implements console.OIDC.
func (o *OIDC) Finish(ctx context.Context, f console.Flow, code string) (console.Visitor, console.Identity, error) {
	p, err := o.discovered(ctx)
	if err != nil {
		return console.Visitor{}, nil, err
	}
	t, err := o.config(p).Exchange(oidc.ClientContext(ctx, httpClient), code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return console.Visitor{}, nil, refused(err)
	}
	v, nonce, err := o.visitor(ctx, p, t)
	if err == nil && nonce != f.Nonce {
		err = fmt.Errorf("%w: the ID token is of another login", console.ErrOut)
	}
	if err != nil {
		return console.Visitor{}, nil, err
	}
	return v, &person{oidc: o, subject: v.Subject, refresh: secret.New(t.RefreshToken)}, nil
}

// visitor checks an ID token and reads who it is. Roles are those of our client alone.
func (o *OIDC) visitor(ctx context.Context, p *oidc.Provider, t *oauth2.Token) (v console.Visitor, nonce string, err error) {
	raw, _ := t.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID}).Verify(oidc.ClientContext(ctx, httpClient), raw)
	if err != nil {
		return v, "", fmt.Errorf("%w: %w", console.ErrOut, err)
	}
	var claims struct {
		Name    string `json:"preferred_username"`
		Session string `json:"sid"`
		Access  map[string]struct {
			Roles []string `json:"roles"`
		} `json:"resource_access"`
	}
	if err := id.Claims(&claims); err != nil {
		return v, "", fmt.Errorf("%w: %w", console.ErrOut, err)
	}
	if claims.Name == "" {
		claims.Name = id.Subject
	}
	roles := claims.Access[o.ClientID].Roles
	return console.Visitor{
		Name: claims.Name, Role: console.RoleOf(roles), Realms: console.RealmsOf(roles), Person: true,
		Realm: path.Base(o.Issuer), Subject: id.Subject, Session: claims.Session,
	}, id.Nonce, nil
}

// refused tells an answer that says no from none.
func refused(err error) error {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && answer.Response != nil && answer.Response.StatusCode == http.StatusBadRequest {
		return fmt.Errorf("%w: %s", console.ErrOut, answer.ErrorCode)
	}
	if ok && answer.Response != nil {
		return fmt.Errorf("the issuer answered %s (%s)", answer.Response.Status, answer.ErrorCode)
	}
	return fmt.Errorf("ask the issuer: %w", err)
}

// person is somebody whom the issuer knows. Keycloak refuses the refresh of whoever was disabled,
// deleted or logged out, and the new ID token has the roles of now.
type person struct {
	oidc    *OIDC
	subject string
	refresh secret.Text // guarded by the session's lock
}

// Still implements console.Identity.
func (x *person) Still(ctx context.Context) (console.Visitor, error) {
	p, err := x.oidc.discovered(ctx)
	if err != nil {
		return console.Visitor{}, err
	}
	ctx = oidc.ClientContext(ctx, httpClient)
	t, err := x.oidc.config(p).TokenSource(ctx, &oauth2.Token{RefreshToken: x.refresh.Reveal()}).Token()
	if err != nil {
		return console.Visitor{}, refused(err)
	}
	x.refresh = secret.New(t.RefreshToken)
	v, _, err := x.oidc.visitor(ctx, p, t)
	if err == nil && (v.Subject != x.subject || v.Role == console.Nobody) {
		err = fmt.Errorf("%w: no role is left", console.ErrOut)
	}
	return v, err
}
