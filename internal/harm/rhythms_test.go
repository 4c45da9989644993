//go:build harm

package harm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// birth is how long after a session's birth its look is due: devstack's birth-delay-ms.
const birth = 500 * time.Millisecond

// sessions of one user that are ended one after the other.
const sessions = 5

var rhythms = []rhythm{
	{name: "one_after_another", per: sessions, story: oneAfterAnother},
	{name: "half_a_second_old", per: 1, story: halfASecondOld},
	{name: "other_events", per: sessions, story: amongOtherEvents},
	{name: "sweep_by_resource", per: sessions, story: oneAfterAnother, around: sweepByResource},
	{name: "sweep_by_rest", per: sessions, story: oneAfterAnother, around: sweepByREST, fallback: true},
	// The listener looks at five refused refreshes a second: a faster pace would go unlooked at.
	{name: "old_token_again", per: 1, pace: 300 * time.Millisecond, story: oldTokenAgain, around: rotating},
	{name: "own_logout", per: 1, story: ownLogout},
}

// logins makes a user with n offline sessions, whose births have been looked at by the end.
func (r *side) logins(ctx context.Context, n int) (id string, all []play.Tokens, err error) {
	id, name, err := r.user(ctx)
	if err != nil {
		return "", nil, err
	}
	for range n {
		t, err := r.Grant(ctx, "app", name, play.Offline)
		if err != nil {
			return "", nil, err
		}
		all = append(all, t)
	}
	play.Pause(ctx, 2*birth)
	return id, all, nil
}

func oneAfterAnother(w *world, r *side) ([]play.Tokens, error) {
	id, all, err := r.logins(w.ctx, sessions)
	if err != nil {
		return nil, err
	}
	r.playing(id, true)
	defer r.playing(id, false)
	for _, t := range all {
		if err := r.end(w.ctx, t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// playing notes whose tokens are being ended, for those who look at them meanwhile.
func (r *side) playing(user string, now bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now {
		r.now[user] = true
	} else {
		delete(r.now, user)
	}
}

// halfASecondOld ends a session while the look at its birth is due, some a little before, some after.
func halfASecondOld(w *world, r *side) ([]play.Tokens, error) {
	_, name, err := r.user(w.ctx)
	if err != nil {
		return nil, err
	}
	t, err := r.Grant(w.ctx, "app", name, play.Offline)
	if err != nil {
		return nil, err
	}
	offset := time.Duration(r.last.Load()%10-5) * 5 * time.Millisecond
	play.Pause(w.ctx, birth+offset)
	return []play.Tokens{t}, r.end(w.ctx, t)
}

// amongOtherEvents ends sessions while an administrator changes their user again and again.
func amongOtherEvents(w *world, r *side) ([]play.Tokens, error) {
	id, all, err := r.logins(w.ctx, sessions)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	var stirred error
	wg.Go(func() { stirred = r.stir(w.ctx, id, done) })
	var failed error
	for _, t := range all {
		play.Pause(w.ctx, 60*time.Millisecond)
		failed = errors.Join(failed, r.end(w.ctx, t))
	}
	close(done)
	wg.Wait()
	return all, errors.Join(failed, stirred)
}

// stir gives and takes a role, disables and enables the user, until done; the user ends enabled.
func (r *side) stir(ctx context.Context, user string, done <-chan struct{}) error {
	var role map[string]any
	if err := r.call(ctx, http.MethodGet, "/roles/uma_authorization", nil, &role); err != nil {
		return err
	}
	for {
		for _, call := range []struct {
			method, path string
			body         any
		}{
			{http.MethodPost, "/role-mappings/realm", []any{role}},
			{http.MethodPut, "", map[string]any{"enabled": false}},
			{http.MethodDelete, "/role-mappings/realm", []any{role}},
			{http.MethodPut, "", map[string]any{"enabled": true}},
		} {
			if err := r.call(ctx, call.method, "/users/"+user+call.path, call.body, nil); err != nil {
				return fmt.Errorf("change the user meanwhile: %w", err)
			}
		}
		select {
		case <-done:
			return nil
		default:
		}
	}
}

// rotating switches rotation on in both realms, and off at the end.
func rotating(w *world) (over func() error, err error) {
	rotate := func(on bool) error {
		return w.both(func(r *side) error {
			return r.call(w.ctx, http.MethodPut, "", map[string]any{"revokeRefreshToken": on, "refreshTokenMaxReuse": 0}, nil)
		})
	}
	return func() error { return rotate(false) }, rotate(true)
}

// oldTokenAgain uses a token that was replaced: a thief, or the owner whom a thief was faster than. Keycloak
// refuses it and ends the family, of which the newest token must be dead.
func oldTokenAgain(w *world, r *side) ([]play.Tokens, error) {
	_, name, err := r.user(w.ctx)
	if err != nil {
		return nil, err
	}
	old, err := r.Grant(w.ctx, "app", name, play.Offline)
	if err != nil {
		return nil, err
	}
	newest := old
	for range 2 {
		play.Pause(w.ctx, 1100*time.Millisecond) // of two tokens of one second Keycloak does not tell the older
		if newest, err = r.Refresh(w.ctx, newest); err != nil {
			return nil, err
		}
	}
	if lives, err := r.lives(w.ctx, old); err != nil || lives {
		return nil, fmt.Errorf("an old token is refreshed: %t, %w", lives, err)
	}
	return []play.Tokens{newest}, nil
}

// ownLogout is authapi's POST /v1/logout of an online token with revoke_offline; without us, the same
// two calls to Keycloak.
func ownLogout(w *world, r *side) ([]play.Tokens, error) {
	_, name, err := r.user(w.ctx)
	if err != nil {
		return nil, err
	}
	b := r.NewBrowser()
	online, err := b.Login(w.ctx, "app", name, "") // first: a browser that begins with an offline token has no session
	if err != nil {
		return nil, err
	}
	offline, err := b.Login(w.ctx, "app", name, play.Offline)
	if err != nil {
		return nil, err
	}
	if !r.heard {
		play.Pause(w.ctx, 2*birth)
		return []play.Tokens{offline}, errors.Join(r.end(w.ctx, online), r.end(w.ctx, offline))
	}
	if a, err := w.backend.Store(w.ctx, offline); err != nil || a.Status/100 != 2 {
		return nil, fmt.Errorf("store: %d %v %w", a.Status, a.Body, err)
	}
	play.Pause(w.ctx, 2*birth)
	a, err := w.backend.Call(w.ctx, http.MethodPost, "/v1/logout", "", map[string]any{"refresh_token": online.Refresh, "revoke_offline": true})
	if err != nil || a.Text("offline") != "revoked" {
		return nil, fmt.Errorf("POST /v1/logout: %d %v %w", a.Status, a.Body, err)
	}
	return []play.Tokens{offline}, nil
}
