package tokens

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type logoutInput struct {
	gate.Waiting
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

func (s *Service) logout(api huma.API) {
	op := web.Operation(http.MethodPost, "/v1/logout", "Log a user out, and only if asked revoke the offline token", web.TokenBody)
	op.Middlewares = s.Door.ForService(gate.ScopeLogout)
	huma.Register(api, op, s.endSession)
}

// endSession ends what the token belongs to. An offline token is ended only if asked: that is
// what keeps automations alive. Nothing is written here: Keycloak's own event and the look
// after it say what died.
func (s *Service) endSession(ctx context.Context, in *logoutInput) (*logoutAnswer, error) {
	caller := web.ServiceOf(ctx)
	raw, realm := secret.New(in.Body.RefreshToken), caller.Realm
	if in.Body.RevokeOffline { // which the automations of all organizations hang on
		if bad := gate.CheckUnlimited(caller); bad != nil {
			return nil, bad
		}
	}
	of := s.Gate.Realms[realm]
	claims, err := of.Keycloak.Parse(raw)
	if err != nil {
		return nil, problem.Unprocessable("not-a-refresh-token", "refresh_token is not a token of Keycloak")
	}
	if bad := s.reader().ownToken(ctx, of, claims); bad != nil {
		return nil, bad
	}
	t := tokenOf(realm, claims)
	stored, has := s.Gate.Known.Token(realm, t.Session, t.ClientID)
	a := &logoutAnswer{Status: http.StatusOK}
	a.Body.Offline = "none"
	if claims.Offline && !in.Body.RevokeOffline {
		a.Body.Offline, a.Body.Version = "kept", s.Gate.Known.Version()
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
	a.Body.Version = s.Gate.Known.Version()
	return a, nil
}

func (s *Service) end(ctx context.Context, realm string, raw secret.Text) *problem.Problem {
	leave, bad := s.Gate.MayWait()
	if bad != nil {
		return bad
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	_, err := s.Gate.Realms[realm].Keycloak.Logout(ctx, raw)
	if r, ok := errors.AsType[*idp.RefusalError](err); ok { // to come back is of no use
		s.Gate.Log(ctx).Warn().Str("reason", r.Reason).Msg("Keycloak refuses a logout")
		return problem.New(http.StatusConflict, "logout-refused", r.Reason, "Keycloak does not take the token now, and does not end its session, which may work again")
	}
	if err != nil {
		s.Gate.Log(ctx).Warn().Err(err).Msg("logout without an outcome")
		return problem.Unavailable("identity-provider-unavailable", "Keycloak does not answer; whether the session ended is not known: try again")
	}
	return nil
}

// openStored gives the offline token of the session that the online one began with.
func (s *Service) openStored(ctx context.Context, stored projection.Token) (secret.Text, *problem.Problem) {
	if stored.Custody != custodySealed {
		return secret.Text{}, problem.Unprocessable("tracked-token", "the offline token is kept by you: send it as refresh_token with revoke_offline")
	}
	raw, _, err := s.Store.Open(ctx, stored.Token)
	if err != nil {
		return secret.Text{}, s.unopened(ctx, stored.Token, err)
	}
	return raw, nil
}

// awaitDeath waits until the verdict has followed, as long as the caller wants to.
func (s *Service) awaitDeath(ctx context.Context, w gate.Waiting, t tokenstate.Token, a *logoutAnswer) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(w.WaitMS)*time.Millisecond)
	defer cancel()
	for {
		version := s.Gate.Known.Version()
		if v := s.Gate.Known.Judge(t); v.State == tokenstate.Revoked || v.State == tokenstate.Suspended {
			a.Body.EventID, a.Body.Applied = web.Text(v.Cause), true
			return
		}
		if !s.Gate.Reached(ctx, version+1) {
			a.Body.Applied = false
			if w.WaitMS > 0 {
				a.Status = http.StatusAccepted
			}
			return
		}
	}
}
