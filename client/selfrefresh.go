package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// SelfRefresh is for a backend that keeps a user's offline token itself. Before each refresh it asks
// authapi for a verdict, and afterwards tells it the outcome. Where authapi does not answer, it
// refreshes all the same: Keycloak refuses what is dead.
type SelfRefresh struct {
	Client *Client
	// OAuth is the client at Keycloak: ClientID, ClientSecret and Endpoint.TokenURL.
	OAuth oauth2.Config
	// Load gives the offline token as it is stored now.
	Load func(context.Context) (refreshToken string, err error)
	// Save stores the next offline token, where Keycloak rotates them. It is called before the
	// access token is given out: a rotated token that is lost ends the session.
	Save func(ctx context.Context, refreshToken string) error
	// Failed is told what went wrong beside the refresh: a verdict that could not be had, an
	// outcome that could not be reported. nil for nobody.
	Failed func(error)
}

// RefreshError says that Keycloak's token endpoint gave no token, for a reason that is not the offline token's.
type RefreshError struct {
	Status int    // 0: no answer came
	Code   string // error of the answer, such as invalid_client
	cause  error
}

func (e *RefreshError) Error() string {
	return fmt.Sprintf("tokenstate: Keycloak did not refresh, and not because of the token: status %d %s", e.Status, e.Code)
}

// Unwrap gives what the network said, if no answer came.
func (e *RefreshError) Unwrap() error { return e.cause }

// TokenSource gives access tokens; it is safe for concurrent use. ctx is for all calls that it will
// make, and may carry the HTTP client for Keycloak as oauth2.HTTPClient. A token that is known to
// be dead is not refreshed; the error is a *Problem as that of Client.TokenSource, without LoginURL.
func (s SelfRefresh) TokenSource(ctx context.Context) oauth2.TokenSource {
	if s.OAuth.Endpoint.AuthStyle == oauth2.AuthStyleAutoDetect {
		s.OAuth.Endpoint.AuthStyle = oauth2.AuthStyleInHeader // detection would refresh twice
	}
	if s.Failed == nil {
		s.Failed = func(error) {}
	}
	return oauth2.ReuseTokenSource(nil, &self{SelfRefresh: s, ctx: ctx})
}

type self struct {
	SelfRefresh
	ctx context.Context // oauth2.TokenSource has none
	mu  sync.Mutex      // two refreshes of one token at once end a session that rotates
}

// Token implements oauth2.TokenSource.
func (s *self) Token() (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := s.Load(s.ctx)
	if err != nil {
		return nil, fmt.Errorf("tokenstate: load the offline token: %w", err)
	}
	id, err := identify(raw)
	if err != nil {
		return nil, err
	}
	if err := s.worthTrying(id); err != nil {
		return nil, err
	}
	got, err := s.OAuth.TokenSource(s.ctx, &oauth2.Token{RefreshToken: raw}).Token()
	if err != nil {
		return nil, s.refused(id, err)
	}
	if err := s.keep(raw, got.RefreshToken); err != nil {
		return nil, err
	}
	s.report(RefreshOutcome{TokenID: id, Status: http.StatusOK})
	return got, nil
}

// worthTrying asks for the verdict. A refused token is tried again when its time has come. One that
// authapi does not know is tracked from now on.
func (s *self) worthTrying(id TokenID) error {
	got, _, err := s.Client.Decide(s.ctx, Question{UserID: id.UserID, ClientID: id.ClientID, SessionID: id.SessionID, IssuedAt: id.IssuedAt})
	if err != nil {
		s.Failed(err)
		return nil
	}
	v := got[0].Verdict
	switch {
	case v.State == Unknown:
		if _, err := s.Client.TrackToken(s.ctx, id); err != nil {
			s.Failed(err)
		}
		return nil
	case v.State == Usable, v.RetryAt != nil && !time.Now().Before(*v.RetryAt):
		return nil
	}
	return dead(v)
}

// dead is the Problem that authapi would have answered.
func dead(v Verdict) *Problem {
	p := &Problem{
		Status: http.StatusConflict, Slug: ErrTokenRevoked.Slug, Reason: v.Reason, EventID: v.EventID,
		Detail: "the offline token is dead: have the user log in again",
	}
	if v.State == Suspended {
		p.Slug, p.Detail = ErrTokenSuspended.Slug, "Keycloak would refuse the offline token now; it may work again"
	}
	if v.Since != nil {
		p.Since = *v.Since
	}
	if v.RetryAt != nil {
		p.RetryAt = *v.RetryAt
	}
	return p
}

// refused tells authapi what Keycloak said, and says what that means for the token. The library's
// own error repeats the whole answer, so it is not passed on.
func (s *self) refused(id TokenID, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response == nil {
		return &RefreshError{cause: err}
	}
	o := RefreshOutcome{TokenID: id, Status: answer.Response.StatusCode, Error: answer.ErrorCode, ErrorDescription: answer.ErrorDescription}
	if said := s.report(o); said.Recorded {
		return dead(Verdict{State: said.State, Reason: said.Reason})
	}
	return &RefreshError{Status: o.Status, Code: o.Error}
}

func (s *self) report(o RefreshOutcome) (said Reported) {
	said, err := s.Client.ReportRefresh(s.ctx, o)
	if err != nil {
		s.Failed(err)
	}
	return said
}

func (s *self) keep(old, next string) error {
	if next == "" || next == old || s.Save == nil {
		return nil
	}
	if err := s.Save(s.ctx, next); err != nil {
		return fmt.Errorf("tokenstate: store the next offline token: %w", err)
	}
	if id, err := identify(next); err == nil {
		if _, err := s.Client.TrackToken(s.ctx, id); err != nil {
			s.Failed(err)
		}
	}
	return nil
}
