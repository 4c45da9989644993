//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
)

const (
	patience = 90 * time.Second // until a call that is repeated is acknowledged
	oneCall  = 3 * time.Second
	pace     = 20 * time.Millisecond
)

// player acts as the backend and as Keycloak's users: what it calls is repeated until it is acknowledged, and
// then written into the ledger.
type player struct {
	b      *bench
	w      *world
	p      *publisher
	ledger *ledger
	gone   atomic.Int64 // keys that were acknowledged, and that authapi does not know when they are revoked

	mu    sync.Mutex
	fault error
}

// act does things until ctx ends. Each of the actors has a chance of its own.
func (a *player) act(ctx context.Context, actors int, seed int64) {
	var all sync.WaitGroup
	for n := range actors {
		rnd := rand.New(rand.NewSource(seed + int64(n)*7919))
		all.Go(func() {
			for ctx.Err() == nil {
				users := a.w.all()
				if len(users) == 0 {
					return
				}
				if u := users[rnd.Intn(len(users))]; u.turn.TryLock() {
					a.failed(a.one(u, rnd))
					u.turn.Unlock()
				}
				play.Pause(ctx, pace)
			}
		})
	}
	all.Wait()
}

func (a *player) failed(err error) {
	if err != nil {
		a.mu.Lock()
		a.fault = errors.Join(a.fault, err)
		a.mu.Unlock()
	}
}

// one does something to a user. Who is gone stays so.
func (a *player) one(u *user, rnd *rand.Rand) error {
	a.w.mu.Lock()
	gone, disabled, off, sessions, keys := u.gone, u.disabled, u.off, len(u.sessions), 0
	for _, x := range u.things {
		if x.name != "" && !x.revoked {
			keys++
		}
	}
	a.w.mu.Unlock()
	if gone {
		return nil
	}
	switch n := rnd.Intn(100); {
	case disabled:
		return a.enable(u, true)
	case off:
		return a.standing(u, true)
	case n < 25 && sessions < 4:
		return a.login(u)
	case n < 45 && sessions > 0:
		return a.logout(u, rnd)
	case n < 65 && keys < 4:
		return a.mint(u)
	case n < 80 && keys > 0:
		return a.revokeKey(u, rnd)
	case n < 86:
		return a.enable(u, false)
	case n < 92:
		return a.standing(u, false)
	case n < 97 && sessions > 0:
		return a.revokeTokens(u)
	case n < 99:
		a.delete(u)
	}
	return nil
}

// call repeats a request at one replica and the other until it is acknowledged.
func (a *player) call(method, path string, body any, fine func(play.Answer, int) bool) (play.Answer, error) {
	var last string
	end := time.Now().Add(patience)
	for try := 0; time.Now().Before(end); try++ {
		ctx, cancel := context.WithTimeout(context.Background(), oneCall)
		got, err := a.b.backends[(try+len(path))%len(a.b.backends)].Call(ctx, method, path, "", body)
		cancel()
		if err == nil && (got.Status/100 == 2 || fine != nil && fine(got, try)) {
			return got, nil
		}
		last = fmt.Sprint(got.Status, got.Body, err)
		play.Pause(context.Background(), 30*time.Millisecond)
	}
	return play.Answer{}, fmt.Errorf("%s %s was not acknowledged within %s: %s", method, path, patience, last)
}

// order is a call whose outcome is unknown until it is acknowledged.
func (a *player) order(u *user, what, method, path string, body any, fine func(play.Answer, int) bool, then func()) (play.Answer, error) {
	a.w.busy(u, true)
	defer a.w.busy(u, false)
	got, err := a.call(method, path, body, fine)
	if err != nil {
		return got, err
	}
	a.w.change(u, what, then)
	return got, a.ledger.note(line{What: what, Who: u.id, ID: got.Text("event_id")})
}

// login makes a session at Keycloak, and has its token tracked.
func (a *player) login(u *user) error {
	sid := uuid.NewString()
	var iat int64
	a.p.tell(u, "login", events.Happened{
		Kind: "user", Type: "CODE_TO_TOKEN", Session: sid, Client: clientUUID, ClientID: clientID,
		Details: map[string]string{"refresh_token_type": "Offline"},
	}, func() {
		iat = max(int64(a.w.now().Second()), u.cut)
		u.issued = max(u.issued, iat)
		u.sessions[sid] = iat
	})
	return a.track(u, &thing{owner: u, session: sid, iat: iat})
}

// track has a token tracked; again, if it was.
func (a *player) track(u *user, x *thing) error {
	_, err := a.order(u, "track "+x.String(), http.MethodPut, "/v1/offline-tokens", map[string]any{
		"user_id": u.id, "client_id": clientID, "session_id": x.session, "issued_at": x.iat,
	}, nil, func() { u.have(x) })
	return err
}

func (u *user) have(x *thing) {
	if slices.Contains(u.things, x) {
		return
	}
	x.good, x.since = u.allows(x), time.Now()
	u.things = append(u.things, x)
}

func (a *player) logout(u *user, rnd *rand.Rand) error {
	a.w.mu.Lock()
	all := u.listed("")
	a.w.mu.Unlock()
	sid := all[rnd.Intn(len(all))].Session
	a.p.tell(u, "logout "+sid, events.Happened{Kind: "user", Type: "LOGOUT", Session: sid}, func() { delete(u.sessions, sid) })
	return nil
}

func (a *player) enable(u *user, enabled bool) error {
	a.p.tell(u, fmt.Sprintf("enabled %t", enabled), events.Happened{Kind: "admin", Type: "UPDATE USER", Path: "users/" + u.id}, func() { u.disabled = !enabled })
	return nil
}

func (a *player) delete(u *user) {
	a.p.tell(u, "deleted", events.Happened{Kind: "admin", Type: "DELETE USER", Path: "users/" + u.id}, func() {
		u.gone = true
		clear(u.sessions)
	})
}

func (a *player) standing(u *user, enabled bool) error {
	_, err := a.order(u, fmt.Sprintf("standing %t", enabled), http.MethodPost, "/v1/users/"+u.id+"/standing",
		map[string]any{"enabled": enabled, "reason": "chaos"}, nil, func() { u.off = !enabled })
	return err
}

// revokeTokens ends all tokens that were issued so far.
func (a *player) revokeTokens(u *user) error {
	a.w.mu.Lock()
	before := u.issued + 1
	a.w.mu.Unlock()
	_, err := a.order(u, fmt.Sprintf("tokens before %d revoked", before), http.MethodPost, "/v1/users/"+u.id+"/revoke",
		map[string]any{"tokens": true, "before": time.Unix(before, 0).UTC(), "reason": "chaos"}, nil, func() { u.cut = before })
	return err
}

func (a *player) mint(u *user) error {
	a.w.mu.Lock()
	a.w.made++
	x := &thing{owner: u, name: fmt.Sprintf("k%d", a.w.made)}
	a.w.mu.Unlock()
	return a.mintAs(u, x)
}

// mintAs gets or makes a key: after the loss of the database the same call brings it back.
func (a *player) mintAs(u *user, x *thing) error {
	var got play.Answer
	var err error
	got, err = a.order(u, "mint "+x.name, http.MethodPost, keysOf(u), map[string]any{"name": x.name}, nil, func() {})
	if err != nil {
		return err
	}
	a.w.change(u, "has "+x.name, func() { x.secret = got.Text("key"); u.have(x) })
	return nil
}

func keysOf(u *user) string { return "/api/service/users/" + u.id + "/orgs/" + org + "/api-keys" }

func (a *player) revokeKey(u *user, rnd *rand.Rand) error {
	a.w.mu.Lock()
	var own []*thing
	for _, x := range u.things {
		if x.name != "" && !x.revoked {
			own = append(own, x)
		}
	}
	x := own[rnd.Intn(len(own))]
	a.w.mu.Unlock()
	missing := func(got play.Answer, try int) bool {
		if got.Status == http.StatusNotFound && try == 0 {
			a.gone.Add(1) // no earlier try can have revoked it
		}
		return got.Status == http.StatusNotFound
	}
	_, err := a.order(u, "revoke "+x.name, http.MethodDelete, keysOf(u)+"/"+x.name, nil, missing, func() { x.revoked = true })
	return err
}
