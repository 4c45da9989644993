package main

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

func (w *world) exchanged() reply {
	w.t.Helper()
	return w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"audience": "other"})
}

// Ensure an access token for another client is exchanged for the user's, each time anew, and never
// for a token that is known to be dead.
func TestExchange(t *testing.T) {
	w, exchanges := newWorld(t), 0
	w.put(offline("s", now()))
	w.idp.exchange = func(access, audience string) (idp.Grant, error) {
		exchanges++
		return idp.Grant{Access: secret.New(access + " for " + audience), Expires: time.Minute}, nil
	}
	for _, source := range []string{"refresh", "cache"} {
		r := w.exchanged().want(t, http.StatusOK, "access_token", "access for other", "source", source)
		if left := r.body["expires_in"].(float64); left < 50 || left > 60 {
			t.Errorf("expires_in is that of another token: %v", left)
		}
	}
	w.access().want(t, http.StatusOK, "access_token", "access", "source", "cache")
	w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"audience": ""}).want(t, http.StatusUnprocessableEntity)
	w.server.Flush(t.Context())
	var noted int
	must(t, w.pool.QueryRow(t.Context(), "SELECT sum(times) FROM tokenstate.act WHERE action = 'exchange' AND target = '/v1/users/u/access-token?audience=other'").Scan(&noted))
	if noted != 2 {
		t.Errorf("%d exchanges in the audit", noted)
	}
	w.learn(cut("order-1"))
	w.exchanged().want(t, http.StatusConflict, "reason", "revoked_by_order", "event_id", "order-1")
	if exchanges != 2 || w.idp.calls() != 1 {
		t.Errorf("%d exchanges, %d refreshes", exchanges, w.idp.calls())
	}
}

// Ensure a refusal says who can mend it, and speaks against no offline token.
func TestExchange_Refused(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	for said, c := range map[error]struct {
		status int
		reason string
	}{
		refusal("exchange_not_enabled"):                {http.StatusConflict, "exchange_not_enabled"},
		refusal("audience_not_available"):              {http.StatusConflict, "audience_not_available"},
		refusal("no_such_audience"):                    {http.StatusConflict, "no_such_audience"},
		refusal(keycloak.ReasonSubjectRefused):         {http.StatusConflict, "subject_refused"},
		refusal("unauthorized_client"):                 {http.StatusServiceUnavailable, "identity_provider_unavailable"},
		&idp.UnansweredError{Cause: errors.New("500")}: {http.StatusServiceUnavailable, "identity_provider_unavailable"},
	} {
		w.idp.exchange = func(string, string) (idp.Grant, error) { return idp.Grant{}, said }
		w.exchanged().want(t, c.status, "reason", c.reason)
		w.access().want(t, http.StatusOK)
	}
}

// Ensure an access token that Keycloak does not take is replaced by a fresh one, once.
func TestExchange_SubjectRefused(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.access().want(t, http.StatusOK)
	asked := 0
	w.idp.exchange = func(string, string) (idp.Grant, error) {
		if asked++; asked == 1 {
			return idp.Grant{}, refusal(keycloak.ReasonSubjectRefused)
		}
		return idp.Grant{Access: secret.New("good"), Expires: time.Minute}, nil
	}
	w.exchanged().want(t, http.StatusOK, "access_token", "good", "source", "refresh")
	if asked != 2 || w.idp.calls() != 2 {
		t.Errorf("%d exchanges, %d refreshes", asked, w.idp.calls())
	}
}

// Ensure a fresh access token that is not taken costs no second refresh.
func TestExchange_FreshSubjectRefused(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.exchange = func(string, string) (idp.Grant, error) {
		return idp.Grant{}, refusal(keycloak.ReasonSubjectRefused)
	}
	w.exchanged().want(t, http.StatusConflict, "reason", "subject_refused")
	if w.idp.calls() != 1 {
		t.Errorf("%d refreshes", w.idp.calls())
	}
	w.access().want(t, http.StatusOK, "source", "cache")
}

// Ensure a revocation during the exchange keeps its result back.
func TestExchange_RevokedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.exchange = func(string, string) (idp.Grant, error) {
		w.learn(cut("order-1"))
		return idp.Grant{Access: secret.New("good"), Expires: time.Minute}, nil
	}
	w.exchanged().want(t, http.StatusConflict, "reason", "revoked_by_order")
}

// Ensure a key that a user holds reaches no other service.
func TestExchange_NotForKeys(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	key := w.create(map[string]any{"name": "may", "scopes": []string{"access-token"}}).text("key")
	w.ask(http.MethodPost, "/v1/users/u/access-token", map[string]any{"audience": "other"}, "Authorization", "Bearer "+key).
		want(t, http.StatusForbidden, "reason", "insufficient_scope")
}

func refusal(reason string) *idp.RefusalError { return &idp.RefusalError{Code: "code", Reason: reason} }
