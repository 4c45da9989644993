package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func granting(text string) func(context.Context, int) (idp.Grant, error) {
	return func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{Access: secret.New(text), Expires: 5 * time.Minute}, nil
	}
}

// Ensure many who ask two replicas at the same time cost one refresh, and that the slower
// replica gives out what the faster one has got.
func TestTwoReplicasRefreshOnce(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	other := w.replica()
	gate := make(chan struct{})
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		<-gate
		return idp.Grant{Access: secret.New("one"), Expires: 5 * time.Minute}, nil
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { w.access().want(t, http.StatusOK, "access_token", "one") })
		wg.Go(func() { other.access().want(t, http.StatusOK, "access_token", "one") })
	}
	close(gate)
	wg.Wait()
	third := w.replica() // it comes later, and asks nobody
	third.access().want(t, http.StatusOK, "access_token", "one", "source", "cache")
	if n := w.idp.calls(); n != 1 {
		t.Fatalf("%d refreshes of one token", n)
	}
	w.backend(http.MethodPost, "/v1/users/u/access-token", map[string]any{"min_valid_s": 600}).want(t, http.StatusOK, "source", "refresh")
	var stored []byte
	must(t, w.pool.QueryRow(t.Context(), "SELECT ciphertext FROM tokenstate.refresh_turn").Scan(&stored))
	if string(stored) == "one" || len(stored) < 20 {
		t.Fatalf("an access token lies there as it is: %q", stored)
	}
}

// Ensure what came of a refresh without an outcome is asked before it is repeated, by whichever
// replica comes next: with rotation on, repeating one that happened ends the session.
func TestUnknownOutcomeIsReadBack(t *testing.T) {
	for name, c := range map[string]struct {
		active, sent             bool
		status, calls, readBacks int
		reason                   string
	}{
		"it did not happen":      {active: true, sent: true, status: http.StatusOK, calls: 2, readBacks: 1},
		"it did":                 {active: false, sent: true, status: http.StatusConflict, calls: 1, readBacks: 1, reason: "refused"},
		"it was surely not sent": {active: false, sent: false, status: http.StatusOK, calls: 2, readBacks: 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(offline("s", now()))
			w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
				return idp.Grant{}, &idp.UnansweredError{Sent: c.sent, RetryAfter: 7 * time.Second, Cause: errAway}
			}
			if r := w.access().want(t, http.StatusServiceUnavailable, "reason", "identity_provider_unavailable"); r.header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
			}
			readBacks := 0
			w.idp.introspect = func(cl idp.Claims) (idp.Introspection, error) {
				readBacks++
				return idp.Introspection{Active: c.active, Claims: cl}, nil
			}
			w.idp.refresh = granting("a")
			r := w.replica().access().want(t, c.status)
			if got, _ := r.body["reason"].(string); got != c.reason || w.idp.calls() != c.calls || readBacks != c.readBacks {
				t.Errorf("reason %q, %d refreshes, %d read-backs", got, w.idp.calls(), readBacks)
			}
		})
	}
}

// Ensure the turn of a replica that crashed ends, and its outcome is read back.
func TestCrashedReplica(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	_, err := w.pool.Exec(t.Context(), `INSERT INTO tokenstate.refresh_turn (realm, session, client_id, turn, until)
		VALUES ('demo', 's', 'app', 'crashed', clock_timestamp() + interval '300 ms')`)
	must(t, err)
	readBacks := 0
	w.idp.introspect = func(c idp.Claims) (idp.Introspection, error) {
		readBacks++
		return idp.Introspection{Active: true, Claims: c}, nil
	}
	w.access().want(t, http.StatusOK, "source", "refresh")
	if readBacks != 1 || w.idp.calls() != 1 {
		t.Fatalf("%d read-backs, %d refreshes", readBacks, w.idp.calls())
	}
}

// failing does not store, until it is told to.
type failing struct {
	tokens.Turns
	failures chan struct{} // how often
	failed   chan struct{}
}

func (f failing) Finish(ctx context.Context, t tokenstate.Token, turn string, r tokens.Refreshed) error {
	select {
	case <-f.failures:
		f.failed <- struct{}{}
		return errors.New("no database")
	default:
		return f.Turns.Finish(ctx, t, turn, r)
	}
}

// Ensure with rotation on the new refresh token is stored before the access token is given out,
// and that storing it is tried again.
func TestSuccessorIsStoredFirst(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()-10))
	f := failing{w.server.Tokens.Turns, make(chan struct{}, 2), make(chan struct{})}
	f.failures <- struct{}{}
	f.failures <- struct{}{}
	w.server.Tokens.Turns = f
	next := offline("s", now()-5)
	w.idp.refresh = func(context.Context, int) (idp.Grant, error) {
		return idp.Grant{Access: secret.New("a"), Expires: time.Minute, Next: secret.New(token(next))}, nil
	}
	answered := make(chan struct{})
	go func() { defer close(answered); w.access().want(t, http.StatusOK) }()
	for range 2 {
		<-f.failed
		select {
		case <-answered:
			t.Fatal("the access token went out before the refresh token was stored")
		default:
		}
	}
	<-answered
	text, iat, err := w.server.Tokens.Store.Open(t.Context(), tokenstate.Token{Realm: "demo", Session: "s", ClientID: "app"})
	if err != nil || iat != next.IssuedAt || text.Reveal() != token(next) || w.idp.calls() != 1 {
		t.Fatalf("iat %d, %v, %d refreshes", iat, err, w.idp.calls())
	}
}

// Ensure an access token that a fact has made unusable is not given out again when the offline
// token works again, by no replica.
func TestAccessTokenIsDroppedByAFact(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = granting("before")
	w.access().want(t, http.StatusOK)
	at := tokenstate.Millis(time.Now().UnixMilli())
	w.learn(standing(at, func(s *tokenstate.Standing) { s.Disabled = true }))
	w.access().want(t, http.StatusConflict, "reason", "user_disabled")
	for rows := 1; rows > 0; { // the replica tells all others
		must(t, w.pool.QueryRow(t.Context(), "SELECT count(ciphertext) FROM tokenstate.refresh_turn").Scan(&rows))
	}
	w.learn(standing(at+1, func(*tokenstate.Standing) {}))
	w.idp.refresh = granting("after")
	w.access().want(t, http.StatusOK, "access_token", "after")
}

// Ensure a token that does not open is no token, raises the alarm, and is never another user's.
func TestCiphertexts(t *testing.T) {
	for name, c := range map[string]struct {
		sql    string
		status int
		reason string
	}{
		"of another row": {"UPDATE tokenstate.offline_token_secret SET ciphertext = (SELECT ciphertext FROM tokenstate.offline_token_secret WHERE session = 'other') WHERE session = 's'", 404, "no_offline_token"},
		"a flipped bit":  {"UPDATE tokenstate.offline_token_secret SET ciphertext = set_bit(ciphertext, 100, 1 - get_bit(ciphertext, 100)) WHERE session = 's'", 404, "no_offline_token"},
		"truncated":      {"UPDATE tokenstate.offline_token_secret SET ciphertext = substr(ciphertext, 1, 20) WHERE session = 's'", 404, "no_offline_token"},
		"empty":          {"UPDATE tokenstate.offline_token_secret SET ciphertext = '' WHERE session = 's'", 404, "no_offline_token"},
		"another user":   {"UPDATE tokenstate.offline_token SET user_id = 'thief' WHERE session = 's'", 404, "no_offline_token"},
		"a lost key":     {"UPDATE tokenstate.offline_token_secret SET key_id = '7' WHERE session = 's'", 503, "store_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(offline("s", now()))
			w.backend(http.MethodPut, "/v1/offline-tokens?wait_ms=5000", map[string]any{"refresh_token": token(idp.Claims{User: "v", Session: "other", ClientID: "app", IssuedAt: now(), Offline: true})}).want(t, http.StatusCreated)
			_, err := w.pool.Exec(t.Context(), c.sql)
			must(t, err)
			w.access().want(t, c.status, "reason", c.reason)
			if w.idp.calls() != 0 {
				t.Error("Keycloak was asked with a token that did not open")
			}
			if _, v, _ := w.known.Best("demo", "u", "", nil); v.State != tokenstate.Usable {
				t.Errorf("%+v", v)
			}
			if altered, missing := w.metric("altered"), w.metric("key_missing"); altered+missing != 1 || (missing == 1) != (c.status == 503) {
				t.Errorf("alarms: %v altered, %v without key", altered, missing)
			}
		})
	}
}

// Ensure a sealed access token that lies in another place is not given out.
func TestSharedAccessTokenIsBound(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	w.idp.refresh = granting("mine")
	w.access().want(t, http.StatusOK)
	_, err := w.pool.Exec(t.Context(), `UPDATE tokenstate.offline_token SET user_id = 'v'`)
	must(t, err)
	fresh := tokens.Fresh{MinValid: time.Second, MaxAge: time.Hour}
	for range 2 { // it is forgotten, then it is our turn
		turn, err := w.server.Tokens.Turns.Take(t.Context(), tokenstate.Token{Realm: "demo", Session: "s", ClientID: "app"}, fresh)
		if err != nil || turn.Shared != nil {
			t.Fatalf("%+v %v", turn, err)
		}
	}
}
