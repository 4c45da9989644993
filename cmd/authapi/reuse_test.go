package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure the access token of a refresh whose caller has gone is not given out after a fact that
// came on the way, also when the offline token works again.
func TestFactDuringARefreshThatNobodyAwaits(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	there, gate := make(chan struct{}), make(chan struct{})
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		close(there)
		<-gate
		return idp.Grant{Access: secret.New("before"), Expires: 5 * time.Minute}, nil
	}
	caller, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		r := httptest.NewRequestWithContext(caller, http.MethodPost, "/v1/users/u/access-token", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Service-API-Key", w.service)
		w.handler.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-there
	leave()
	<-left
	at := tokenstate.Millis(time.Now().UnixMilli())
	w.learn(standing(at, func(s *tokenstate.Standing) { s.Disabled = true }))
	w.learn(other(at)) // when it is seen, what the fact before it drops is dropped
	close(gate)
	w.eventually("the refresh ends, and its result is no one's", func() bool {
		var n int
		must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.refresh_turn WHERE until IS NOT NULL OR ciphertext IS NOT NULL").Scan(&n))
		return n == 0
	})
	w.learn(standing(at+1, func(*tokenstate.Standing) {}))
	w.idp.refresh = granting("after")
	w.access().want(t, http.StatusOK, "access_token", "after")
}

// Ensure a fact that a reader learns by a new snapshot drops access tokens as well.
func TestSnapshotDropsAccessTokens(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = granting("before")
	w.access().want(t, http.StatusOK)
	at := tokenstate.Millis(time.Now().UnixMilli())
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.epoch SET epoch = epoch + 1")
	must(t, err) // so the next change comes by a snapshot
	w.learn(standing(at, func(s *tokenstate.Standing) { s.Disabled = true }))
	w.eventually("it is dropped", func() bool {
		var n int
		must(t, w.pool.QueryRow(t.Context(), "SELECT count(ciphertext) FROM tokenstate.refresh_turn").Scan(&n))
		return n == 0
	})
	w.learn(standing(at+1, func(*tokenstate.Standing) {}))
	w.idp.refresh = granting("after")
	w.access().want(t, http.StatusOK, "access_token", "after")
}

// Ensure a refusal is said only if no offline token works: also when it is learnt by trying.
func TestNextBestToken(t *testing.T) {
	w := newWorld(t)
	w.put(offline("old", now()-100))
	w.put(offline("new", now()))
	w.idp.refresh = func(_ context.Context, n int) (idp.Grant, error) {
		if n == 1 {
			return idp.Grant{}, &idp.RefusalError{Records: true, Code: "invalid_grant", Description: "Offline user session not found", Reason: "session_gone"}
		}
		return idp.Grant{Access: secret.New("of the old one"), Expires: time.Minute}, nil
	}
	w.access().want(t, http.StatusOK, "access_token", "of the old one", "source", "refresh")
	if n := w.idp.calls(); n != 2 {
		t.Fatalf("%d refreshes", n)
	}
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{}, &idp.RefusalError{Records: true, Code: "invalid_grant", Description: "Offline user session not found", Reason: "session_gone"}
	}
	w.access().want(t, http.StatusConflict, "reason", "refused") // now none does
}

// Ensure an access token is good until it expires while Keycloak does not answer, on every replica,
// but not if it may be dead: in doubt, or if Keycloak answered that it does not know the client.
func TestKeycloakDown(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{Access: secret.New("a"), Expires: time.Hour}, nil
	}
	w.access().want(t, http.StatusOK)
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.refresh_turn SET had_at = had_at - interval '2 minutes', expires_at = expires_at - interval '2 minutes'")
	must(t, err)
	later := func() time.Time { return time.Now().Add(2 * time.Minute) } // nothing was heard for a while
	w.server.Gate.Now = later
	second := w.replica()
	second.server.Gate.Now = later
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{}, &idp.UnansweredError{Sent: true, Cause: errAway}
	}
	w.idp.away = errAway
	for range 2 {
		w.access().want(t, http.StatusOK, "access_token", "a", "source", "cache")
		second.access().want(t, http.StatusOK, "access_token", "a", "source", "cache")
	}
	w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"min_valid_s": 3599}).want(t, http.StatusServiceUnavailable)
	w.server.Gate.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } // it has expired
	_, err = w.pool.Exec(t.Context(), "UPDATE tokenstate.refresh_turn SET expires_at = clock_timestamp()")
	must(t, err)
	w.access().want(t, http.StatusServiceUnavailable)
	w.server.Gate.Now, w.idp.away = later, nil
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{}, &idp.RefusalError{Records: false, Code: "invalid_client", Reason: "invalid_client"}
	}
	w.access().want(t, http.StatusServiceUnavailable)
	w.idp.away = errAway
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) { return idp.Grant{}, errAway }
	w.access().want(t, http.StatusOK)
	w.learn(tokenstate.DoubtRow{ID: tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: tokenstate.Scope{Realm: "demo", User: "u"}}}, Value: tokenstate.Raised{At: 1_700_000_000_000, Event: "e"}})
	w.access().want(t, http.StatusServiceUnavailable)
}

// waiting holds its first caller up.
type waiting struct {
	tokens.Turns
	held        atomic.Bool
	there, gate chan struct{}
}

func (h *waiting) Take(ctx context.Context, t tokenstate.Token, want tokens.Fresh) (tokens.Turn, error) {
	if h.held.CompareAndSwap(false, true) {
		close(h.there)
		<-h.gate
	}
	return h.Turns.Take(ctx, t, want)
}

// full asks whether nobody more may wait for Keycloak, without waiting for an answer.
func (w *world) full() bool {
	w.t.Helper()
	before := w.metric("refresh")
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/users/u/access-token", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Service-API-Key", w.service)
	w.handler.ServeHTTP(httptest.NewRecorder(), r)
	return w.metric("refresh") > before
}

// Ensure who joins another's refresh gets an access token that is valid for as long as they asked.
func TestJoinedRefreshIsValidForLongEnough(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = granting("five minutes")
	w.access().want(t, http.StatusOK)
	w.maxRequests = 3 // two may wait
	second := w.replica()
	h := &waiting{Turns: second.server.Tokens.Turns, there: make(chan struct{}), gate: make(chan struct{})}
	second.server.Tokens.Turns = h
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{Access: secret.New("an hour"), Expires: time.Hour}, nil
	}
	var all sync.WaitGroup
	all.Go(func() { second.access().want(t, http.StatusOK, "access_token", "five minutes") })
	<-h.there
	all.Go(func() {
		r := reply{status: http.StatusServiceUnavailable}
		for r.status == http.StatusServiceUnavailable { // the test itself had its place for a moment
			r = second.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"min_valid_s": 1800})
		}
		r.want(t, http.StatusOK, "access_token", "an hour")
	})
	w.eventually("both wait", func() bool { return second.full() })
	close(h.gate)
	all.Wait()
}
