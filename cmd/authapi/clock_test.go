package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a replica whose clock is an hour off makes keys that die of the next revocation, and right
// after one keys that live.
func TestKeysByAWrongClock(t *testing.T) {
	for name, off := range map[string]time.Duration{"right": 0, "ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.server.Gate.Now = func() time.Time { return time.Now().Add(off) }
			old := w.create(map[string]any{"name": "old"}).want(t, http.StatusCreated)
			rotate := func(id string) reply {
				return w.backend(http.MethodPost, userKeys+"/"+id+"/rotate?wait_ms=5000", nil).want(t, http.StatusCreated)
			}
			dead := []string{w.mint("automation"), old.text("key"), rotate(old.text("id")).text("key")}
			r := w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusOK)
			for _, key := range dead {
				w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked", "event_id", r.text("event_id"))
			}
			again := w.mint("automation") // in the very second that was cut off
			if again == dead[0] {
				t.Fatal("the dead key was minted again")
			}
			w.me(again).want(t, http.StatusOK)
			fresh := w.create(map[string]any{"name": "new"}).want(t, http.StatusCreated)
			w.me(fresh.text("key")).want(t, http.StatusOK)
			w.me(rotate(fresh.text("id")).text("key")).want(t, http.StatusOK)
			w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "again"}).want(t, http.StatusOK)
			w.me(again).want(t, http.StatusUnauthorized, "reason", "revoked")
		})
	}
}

// Ensure no key is made that a cutoff in the future would reach, and that it is said when to come back.
func TestKeysAreCutOffForAWhile(t *testing.T) {
	w := newWorld(t)
	for i, until := range []time.Time{time.Now().Add(time.Minute), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		most := []int{60, 3600}[i]
		w.backend(http.MethodPost, "/v1/users/u/standing?wait_ms=5000", map[string]any{"enabled": true, "reason": "r", "credentials_revoked_before": until}).want(t, http.StatusOK)
		for _, r := range []reply{
			w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "a"}), w.create(map[string]any{"name": "a"}),
		} {
			r.want(t, http.StatusServiceUnavailable, "reason", "keys_cut_off")
			if n, _ := strconv.Atoi(r.header.Get("Retry-After")); n < 50 || n > most {
				t.Errorf("until %v: Retry-After: %v", until, r.header)
			}
		}
	}
}

// Ensure a replica whose clock is an hour off says the same of keys and ages as the others:
// what others have dated is judged by the database's time.
func TestDecisionsByAWrongClock(t *testing.T) {
	for name, off := range map[string]time.Duration{"right": 0, "ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.server.Gate.Now = func() time.Time { return time.Now().Add(off) }
			w.server.Gate.StandingMaxAge = time.Minute
			w.put(offline("s", now())).want(t, http.StatusCreated)
			ms := tokenstate.Millis(time.Now().UnixMilli())
			w.learn(standing(ms, func(*tokenstate.Standing) {}))
			soon, late := time.Now().Add(30*time.Minute), time.Now().Add(-time.Minute)
			living := w.create(map[string]any{"name": "living", "expires_at": soon}).text("key")
			early := w.create(map[string]any{"name": "early", "not_before": soon}).text("key")
			expired := w.create(map[string]any{"name": "expired", "expires_at": soon})
			_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET created_at = $1, expires_at = $2 WHERE id = $3", late.Add(-time.Hour), late, expired.text("id"))
			must(t, err)
			_, err = w.pool.Exec(t.Context(), "INSERT INTO tokenstate.node_heartbeat VALUES ('n', $1, $1, '{}')", ms)
			must(t, err)
			w.learn(other(ms)) // the projection reads the status again
			again := w.replica()
			again.server.Gate.Now, again.server.Gate.StandingMaxAge = w.server.Gate.Now, w.server.Gate.StandingMaxAge
			r := again.me(living).want(t, http.StatusOK)
			if age, err := strconv.Atoi(r.header.Get("Tokenstate-Age-Ms")); err != nil || age > 60_000 {
				t.Errorf("the knowledge is %v ms old", r.header)
			}
			again.me(early).want(t, http.StatusUnauthorized, "reason", "not_yet_valid")
			again.me(expired.text("key")).want(t, http.StatusUnauthorized, "reason", "expired")
		})
	}
}
