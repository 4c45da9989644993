package tokens

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Faults of Store.Put and Store.Open.
var (
	ErrVerifiedStays = errors.New("a verified sealed token is stored in its place")
	ErrNarrower      = errors.New("a token with more scopes is stored in its place")
	ErrNotSealed     = errors.New("no such sealed token")
	ErrAltered       = errors.New("a sealed token that does not open")           // it was changed, or is another row's
	ErrLockedOut     = errors.New("a token sealed under a key that we have not") // it opens again when the key is back
)

type putTokenInput struct {
	gate.Waiting
	Body struct {
		RefreshToken string  `json:"refresh_token,omitempty" maxLength:"16384" doc:"an offline token, to be sealed"`
		UserID       string  `json:"user_id,omitempty" maxLength:"255" doc:"or the four members of one that you keep yourself"`
		ClientID     string  `json:"client_id,omitempty" maxLength:"255"`
		SessionID    string  `json:"session_id,omitempty" maxLength:"255"`
		IssuedAt     float64 `json:"issued_at,omitempty" minimum:"0" maximum:"253402300799" multipleOf:"1" doc:"the token's iat, in seconds"`

		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"the token's exp, if it has one: it is revoked from then on"`
		Scope     string     `json:"scope,omitempty" maxLength:"2048" doc:"the token's scope, of one that you keep: separated by blanks"`
		Issuer    string     `json:"issuer,omitempty" maxLength:"1024" doc:"the token's iss, of one that you keep: while its realm has another one, its verdict is in doubt"`

		AcceptNarrower bool `json:"accept_narrower,omitempty" doc:"let it take the place of a token of the same session that has scopes which this one lacks"`
	}
}

type tokenBody struct {
	UserID    string             `json:"user_id"`
	ClientID  string             `json:"client_id"`
	SessionID string             `json:"session_id"`
	IssuedAt  tokenstate.Seconds `json:"issued_at"`
	ExpiresAt *time.Time         `json:"expires_at,omitempty" doc:"the token's own exp; most offline tokens have none"`
	Scope     string             `json:"scope,omitempty" doc:"what the token may do, separated by blanks; a refresh keeps it"`
	Custody   string             `json:"custody" enum:"sealed,tracked"`
	Verified  bool               `json:"verified"`
	State     string             `json:"state" enum:"usable,suspended,revoked,unknown"`
	Applied   bool               `json:"applied" doc:"verdicts of this replica know the token by now"`
	Version   int64              `json:"version"`
}

type putTokenAnswer struct {
	Status int
	Body   tokenBody
}

type listTokensInput struct {
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"600" doc:"next_cursor of the page before"`
}

type listTokensAnswer struct {
	Body struct {
		Items      []listedToken `json:"items"`
		NextCursor *string       `json:"next_cursor"`
	}
}

type listedToken struct {
	ClientID  string             `json:"client_id"`
	SessionID string             `json:"session_id"`
	IssuedAt  tokenstate.Seconds `json:"issued_at"`
	ExpiresAt *time.Time         `json:"expires_at,omitempty"`
	Scope     string             `json:"scope,omitempty"`
	Custody   string             `json:"custody"`
	Verified  bool               `json:"verified"`
	web.VerdictBody
}

type deleteTokenInput struct {
	gate.Waiting
	UserID    string `path:"id" minLength:"1" maxLength:"255"`
	SessionID string `path:"session_id" minLength:"1" maxLength:"255"`
}

type deleteTokenAnswer struct {
	Status int
	Body   struct {
		Deleted int   `json:"deleted" doc:"rows: one for each client of the session"`
		Applied bool  `json:"applied"`
		Version int64 `json:"version"`
	}
}

func (s *Service) offlineTokens(api huma.API) {
	put := web.Operation(http.MethodPut, "/v1/offline-tokens", "Store an offline token, or track one that you keep", web.TokenBody)
	put.Middlewares = s.Door.ForWholeUser(gate.ScopeTokensWrite)
	huma.Register(api, put, s.putToken)
	list := web.Operation(http.MethodGet, "/v1/users/{user_id}/offline-tokens", "States of a user's offline tokens", web.SmallBody)
	list.Middlewares = s.Door.ForWholeUser(gate.ScopeDecide)
	huma.Register(api, list, s.listTokens)
	del := web.Operation(http.MethodDelete, "/v1/users/{id}/offline-tokens/{session_id}", "Forget a session's offline tokens", web.SmallBody)
	del.Middlewares = s.Door.ForWholeUser(gate.ScopeTokensWrite)
	huma.Register(api, del, s.deleteToken)
}

func (s *Service) putToken(ctx context.Context, in *putTokenInput) (*putTokenAnswer, error) {
	caller, raw := web.ServiceOf(ctx), secret.New(in.Body.RefreshToken)
	t := tokenstate.Token{
		Realm: caller.Realm, User: in.Body.UserID, ClientID: in.Body.ClientID,
		Session: in.Body.SessionID, IssuedAt: tokenstate.Seconds(in.Body.IssuedAt), Expires: secondsOf(in.Body.ExpiresAt),
		Issuer: tokenstate.Spelt(in.Body.Issuer),
	}
	given := Given{Token: t, Text: raw, Scope: in.Body.Scope}
	var bad *problem.Problem
	switch {
	case raw.Empty():
		bad = s.trackable(t, given.Scope)
	case t != tokenstate.Token{Realm: caller.Realm} || given.Scope != "":
		bad = problem.Unprocessable("invalid-request", "send refresh_token, or the members of a tracked token, not both")
	default:
		given, bad = s.verify(ctx, caller.Realm, raw)
	}
	if bad != nil {
		return nil, bad
	}
	given.Narrower = in.Body.AcceptNarrower || s.deadInPlace(given.Token)
	created, version, err := s.Store.Put(ctx, given)
	switch {
	case errors.Is(err, ErrVerifiedStays):
		return nil, verifiedStays(raw.Empty())
	case errors.Is(err, ErrNarrower):
		return nil, problem.New(http.StatusConflict, "narrower-token", "", "the token that is stored for this session and client has scopes which this one lacks: "+
			"log in with all scopes that you need, or send accept_narrower to replace it")
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	}
	applied, status := s.Gate.Enforced(ctx, in.Waiting, version)
	if created && status == http.StatusOK {
		status = http.StatusCreated
	}
	a := &putTokenAnswer{status, s.storedBody(given, applied)}
	a.Body.Applied, a.Body.Version = applied, version
	return a, nil
}

// verifiedStays: whose word is not checked does not replace what Keycloak has vouched for, or
// anybody who makes up a token would take a good one away.
func verifiedStays(tracked bool) *problem.Problem {
	if tracked {
		return problem.New(http.StatusConflict, "sealed-token", "", "a verified token of this session and client is sealed here: delete it before you keep it yourself")
	}
	return problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer, and the token that is stored is verified: try again")
}

// deadInPlace: what is stored in the token's place works no more, so there is nothing to lose.
func (s *Service) deadInPlace(t tokenstate.Token) bool {
	stored, ok := s.Gate.Known.Token(t.Realm, t.Session, t.ClientID)
	return ok && s.Gate.Known.Judge(stored.Token).State == tokenstate.Revoked
}

// storedBody shows what is stored now: an older token than the stored one has changed nothing.
func (s *Service) storedBody(g Given, applied bool) tokenBody {
	t := g.Token
	p := projection.Token{Token: t, Custody: custodyTracked, Verified: g.Verified, Scope: g.Scope}
	if !g.Text.Empty() {
		p.Custody = custodySealed
	}
	if stored, ok := s.Gate.Known.Token(t.Realm, t.Session, t.ClientID); ok && (applied || stored.Token.IssuedAt > t.IssuedAt) {
		p = stored
	}
	v := s.Gate.Known.Judge(p.Token)
	return tokenBody{
		UserID: p.Token.User, ClientID: p.Token.ClientID, SessionID: p.Token.Session, IssuedAt: p.Token.IssuedAt,
		ExpiresAt: expiry(p.Token), Scope: p.Scope, Custody: p.Custody, Verified: p.Verified, State: v.State.String(),
	}
}

// expiry is when the token's own exp is; nil if it has none.
func expiry(t tokenstate.Token) *time.Time { return t.Expires.Millis().Instant() }

func secondsOf(at *time.Time) tokenstate.Seconds {
	if at == nil {
		return 0
	}
	return tokenstate.Seconds(at.Unix())
}

func (s *Service) listTokens(ctx context.Context, in *listTokensInput) (*listTokensAnswer, error) {
	a := &listTokensAnswer{}
	a.Body.Items = []listedToken{}
	last := ""
	for _, t := range inOrder(s.Gate.Known.TokensOf(web.ServiceOf(ctx).Realm, in.UserID, "")) {
		at := cursorOf(t)
		if at <= in.Cursor {
			continue
		}
		if len(a.Body.Items) == in.Limit {
			a.Body.NextCursor = &last
			break
		}
		a.Body.Items = append(a.Body.Items, listedToken{
			t.Token.ClientID, t.Token.Session, t.Token.IssuedAt, expiry(t.Token), t.Scope, t.Custody, t.Verified,
			web.BodyOf(s.Gate.Known.Judge(t.Token)),
		})
		last = at
	}
	return a, nil
}

func (s *Service) deleteToken(ctx context.Context, in *deleteTokenInput) (*deleteTokenAnswer, error) {
	n, version, err := s.Store.Delete(ctx, web.ServiceOf(ctx).Realm, in.UserID, in.SessionID)
	switch {
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	case n == 0:
		return nil, problem.New(http.StatusNotFound, "no-offline-token", "", "nothing is stored of this user and session")
	}
	a := &deleteTokenAnswer{}
	a.Body.Deleted, a.Body.Version = n, version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, in.Waiting, version)
	return a, nil
}
