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

type logoutInput struct {
	Waiting
	Body struct {
		RefreshToken  string `json:"refresh_token" minLength:"1" maxLength:"16384" doc:"of the session that ends, online or offline"`
		RevokeOffline bool   `json:"revoke_offline,omitempty" doc:"end the offline session, too; automations stop"`
	}
}

type logoutAnswer struct {
	Status int
	Body   struct {
		Ended   bool    `json:"ended"`
		Offline string  `json:"offline" enum:"kept,revoked,none"`
		EventID *string `json:"event_id"`
		Applied bool    `json:"applied" doc:"this replica refuses the offline token by now"`
		Version int64   `json:"version"`
	}
}

func (s *Server) logout(api huma.API) {
	op := operation(http.MethodPost, "/v1/logout", "Log a user out, and only if asked revoke the offline token", maxTokenBody)
	op.Middlewares = s.forService(ScopeLogout)
	huma.Register(api, op, s.endSession)
}

// endSession ends what the token belongs to. An offline token is ended only if asked: that is
// what keeps automations alive. Nothing is written here: Keycloak's own event and the look
// after it say what died.
func (s *Server) endSession(ctx context.Context, in *logoutInput) (*logoutAnswer, error) {
	caller := serviceOf(ctx)
	raw, realm := secret.New(in.Body.RefreshToken), caller.Realm
	if in.Body.RevokeOffline { // which the automations of all organizations hang on
		if bad := unlimited(caller); bad != nil {
			return nil, bad
		}
	}
	of := s.Realms[realm]
	claims, err := of.Keycloak.Parse(raw)
	if err != nil {
		return nil, unprocessable("not-a-refresh-token", "refresh_token is not a token of Keycloak")
	}
	if bad := s.ownToken(ctx, of, claims); bad != nil {
		return nil, bad
	}
	t := tokenOf(realm, claims)
	stored, has := s.Known.Token(realm, t.Session, t.ClientID)
	a := &logoutAnswer{Status: http.StatusOK}
	a.Body.Offline = "none"
	if claims.Offline && !in.Body.RevokeOffline {
		a.Body.Offline, a.Body.Version = "kept", s.Known.Version()
		return a, nil
	}
	ends := []secret.Text{raw}
	if has && in.Body.RevokeOffline && !claims.Offline { // before anything is ended: half of it is not what was asked
		text, bad := s.openStored(ctx, stored)
		if bad != nil {
			return nil, bad
		}
		ends = append(ends, text)
	}
	for _, one := range ends {
		if bad := s.end(ctx, realm, one); bad != nil {
			return nil, bad
		}
	}
	a.Body.Ended, a.Body.Applied = true, true
	switch {
	case claims.Offline:
		a.Body.Offline = "revoked"
	case len(ends) > 1:
		a.Body.Offline, t = "revoked", stored.Token
	case has:
		a.Body.Offline = "kept"
	}
	if a.Body.Offline == "revoked" {
		s.forget(t)
		s.awaitDeath(ctx, in.Waiting, t, a)
	}
	a.Body.Version = s.Known.Version()
	return a, nil
}

func (s *Server) end(ctx context.Context, realm string, raw secret.Text) *Problem {
	leave, bad := s.mayWait()
	if bad != nil {
		return bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	_, err := s.Realms[realm].Keycloak.Logout(ctx, raw)
	if r, ok := errors.AsType[*Refusal](err); ok { // to come back is of no use
		s.log(ctx).Warn().Str("reason", r.Reason).Msg("Keycloak refuses a logout")
		return problem(http.StatusConflict, "logout-refused", r.Reason, "Keycloak does not take the token now, and does not end its session, which may work again")
	}
	if err != nil {
		s.log(ctx).Warn().Err(err).Msg("logout without an outcome")
		return unavailable("identity-provider-unavailable", "Keycloak does not answer; whether the session ended is not known: try again")
	}
	return nil
}

// openStored gives the offline token of the session that the online one began with.
func (s *Server) openStored(ctx context.Context, stored projection.Token) (secret.Text, *Problem) {
	if stored.Custody != custodySealed {
		return secret.Text{}, unprocessable("tracked-token", "the offline token is kept by you: send it as refresh_token with revoke_offline")
	}
	raw, _, err := s.Tokens.Open(ctx, stored.Token)
	if err != nil {
		return secret.Text{}, s.unopened(ctx, stored.Token, err)
	}
	return raw, nil
}

// awaitDeath waits until the verdict has followed, as long as the caller wants to.
func (s *Server) awaitDeath(ctx context.Context, w Waiting, t tokenstate.Token, a *logoutAnswer) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(w.WaitMS)*time.Millisecond)
	defer cancel()
	for {
		version := s.Known.Version()
		if v := s.Known.Judge(t); v.State == tokenstate.Revoked || v.State == tokenstate.Suspended {
			a.Body.EventID, a.Body.Applied = text(v.Cause), true
			return
		}
		if !s.reached(ctx, version+1) {
			a.Body.Applied = false
			if w.WaitMS > 0 {
				a.Status = http.StatusAccepted
			}
			return
		}
	}
}
