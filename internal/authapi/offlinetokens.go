package authapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Faults of IdentityProvider.Parse, Tokens.Put and Tokens.Open.
var (
	ErrVerifiedStays = errors.New("a verified sealed token is stored in its place")
	ErrUnreadable    = errors.New("not a readable token")
	ErrNotSealed     = errors.New("no such sealed token")
	ErrAltered       = errors.New("a sealed token that does not open")           // it was changed, or is another row's
	ErrLockedOut     = errors.New("a token sealed under a key that we have not") // it opens again when the key is back
)

type putTokenInput struct {
	Waiting
	Body struct {
		RefreshToken string  `json:"refresh_token,omitempty" maxLength:"16384" doc:"an offline token, to be sealed"`
		UserID       string  `json:"user_id,omitempty" maxLength:"255" doc:"or the four members of one that you keep yourself"`
		ClientID     string  `json:"client_id,omitempty" maxLength:"255"`
		SessionID    string  `json:"session_id,omitempty" maxLength:"255"`
		IssuedAt     float64 `json:"issued_at,omitempty" minimum:"0" maximum:"253402300799" multipleOf:"1" doc:"the token's iat, in seconds"`

		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"the token's exp, if it has one: it is revoked from then on"`
	}
}

type tokenBody struct {
	UserID    string             `json:"user_id"`
	ClientID  string             `json:"client_id"`
	SessionID string             `json:"session_id"`
	IssuedAt  tokenstate.Seconds `json:"issued_at"`
	ExpiresAt *time.Time         `json:"expires_at,omitempty" doc:"the token's own exp; most offline tokens have none"`
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
	Custody   string             `json:"custody"`
	Verified  bool               `json:"verified"`
	VerdictBody
}

type deleteTokenInput struct {
	Waiting
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

func (s *Server) offlineTokens(api huma.API) {
	put := operation(http.MethodPut, "/v1/offline-tokens", "Store an offline token, or track one that you keep", maxTokenBody)
	put.Middlewares = s.forWholeUser(ScopeTokensWrite)
	huma.Register(api, put, s.putToken)
	list := operation(http.MethodGet, "/v1/users/{user_id}/offline-tokens", "States of a user's offline tokens", maxSmallBody)
	list.Middlewares = s.forWholeUser(ScopeDecide)
	huma.Register(api, list, s.listTokens)
	del := operation(http.MethodDelete, "/v1/users/{id}/offline-tokens/{session_id}", "Forget a session's offline tokens", maxSmallBody)
	del.Middlewares = s.forWholeUser(ScopeTokensWrite)
	huma.Register(api, del, s.deleteToken)
}

func (s *Server) putToken(ctx context.Context, in *putTokenInput) (*putTokenAnswer, error) {
	caller, raw := serviceOf(ctx), secret.New(in.Body.RefreshToken)
	t := tokenstate.Token{
		Realm: caller.Realm, User: in.Body.UserID, ClientID: in.Body.ClientID,
		Session: in.Body.SessionID, IssuedAt: tokenstate.Seconds(in.Body.IssuedAt), Expires: secondsOf(in.Body.ExpiresAt),
	}
	verified, bad := false, (*Problem)(nil)
	switch {
	case raw.Empty():
		bad = s.trackable(t)
	case t != tokenstate.Token{Realm: caller.Realm}:
		bad = unprocessable("invalid-request", "send refresh_token, or the members of a tracked token, not both")
	default:
		t, verified, bad = s.verify(ctx, caller.Realm, raw)
	}
	if bad != nil {
		return nil, bad
	}
	created, version, err := s.Tokens.Put(ctx, t, raw, verified)
	switch {
	case errors.Is(err, ErrVerifiedStays):
		return nil, verifiedStays(raw.Empty())
	case err != nil:
		return nil, s.storeFault(ctx, err)
	}
	applied, status := s.enforced(ctx, in.Waiting, version)
	if created && status == http.StatusOK {
		status = http.StatusCreated
	}
	a := &putTokenAnswer{status, s.storedBody(t, !raw.Empty(), verified, applied)}
	a.Body.Applied, a.Body.Version = applied, version
	return a, nil
}

// verifiedStays: whose word is not checked does not replace what Keycloak has vouched for, or
// anybody who makes up a token would take a good one away.
func verifiedStays(tracked bool) *Problem {
	if tracked {
		return problem(http.StatusConflict, "sealed-token", "", "a verified token of this session and client is sealed here: delete it before you keep it yourself")
	}
	return unavailable("identity-provider-unavailable", "Keycloak does not answer, and the token that is stored is verified: try again")
}

// storedBody shows what is stored now: an older token than the stored one has changed nothing.
func (s *Server) storedBody(t tokenstate.Token, sealed, verified, applied bool) tokenBody {
	p := projection.Token{Token: t, Custody: custodyTracked, Verified: verified}
	if sealed {
		p.Custody = custodySealed
	}
	if stored, ok := s.Known.Token(t.Realm, t.Session, t.ClientID); ok && (applied || stored.Token.IssuedAt > t.IssuedAt) {
		p = stored
	}
	v := s.Known.Judge(p.Token)
	return tokenBody{
		UserID: p.Token.User, ClientID: p.Token.ClientID, SessionID: p.Token.Session, IssuedAt: p.Token.IssuedAt,
		ExpiresAt: expiry(p.Token), Custody: p.Custody, Verified: p.Verified, State: v.State.String(),
	}
}

// expiry is when the token's own exp is; nil if it has none.
func expiry(t tokenstate.Token) *time.Time { return instant(t.Expires.Millis()) }

func secondsOf(at *time.Time) tokenstate.Seconds {
	if at == nil {
		return 0
	}
	return tokenstate.Seconds(at.Unix())
}

func (s *Server) listTokens(ctx context.Context, in *listTokensInput) (*listTokensAnswer, error) {
	a := &listTokensAnswer{}
	a.Body.Items = []listedToken{}
	last := ""
	for _, t := range inOrder(s.Known.TokensOf(serviceOf(ctx).Realm, in.UserID, "")) {
		at := cursorOf(t)
		if at <= in.Cursor {
			continue
		}
		if len(a.Body.Items) == in.Limit {
			a.Body.NextCursor = &last
			break
		}
		a.Body.Items = append(a.Body.Items, listedToken{
			t.Token.ClientID, t.Token.Session, t.Token.IssuedAt, expiry(t.Token), t.Custody, t.Verified, bodyOf(s.Known.Judge(t.Token)),
		})
		last = at
	}
	return a, nil
}

func (s *Server) deleteToken(ctx context.Context, in *deleteTokenInput) (*deleteTokenAnswer, error) {
	n, version, err := s.Tokens.Delete(ctx, serviceOf(ctx).Realm, in.UserID, in.SessionID)
	switch {
	case err != nil:
		return nil, s.storeFault(ctx, err)
	case n == 0:
		return nil, problem(http.StatusNotFound, "no-offline-token", "", "nothing is stored of this user and session")
	}
	a := &deleteTokenAnswer{}
	a.Body.Deleted, a.Body.Version = n, version
	a.Body.Applied, a.Status = s.enforced(ctx, in.Waiting, version)
	return a, nil
}
