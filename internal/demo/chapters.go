package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// soon is how long a verdict may take that needs a look after a birth, or a quiet interval.
const soon = 30 * time.Second

func (s *story) begin(ctx context.Context) error {
	return inOrder(
		func() error {
			return s.act("an administrator makes the user "+s.name, func() (err error) {
				s.user, err = s.keycloak.NewUser(ctx, s.name)
				return err
			})
		},
		func() error { return s.login(ctx, "usable") },
		func() error {
			return s.act("the browser opens another page of the application: an online session", func() (err error) {
				s.online, err = s.browser.Login(ctx, "app", s.name, "")
				return err
			})
		},
		func() error { return s.mint(ctx) },
		func() error { return s.bothWork(ctx) },
	)
}

// inOrder goes on until something fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// login gives what the backend stores the state that is expected of it; "" for any.
func (s *story) login(ctx context.Context, state string) error {
	err := s.act("the browser logs in, scope offline_access", func() (err error) {
		s.offline, err = s.browser.Login(ctx, "app", s.name, play.Offline)
		return err
	})
	if err != nil {
		return err
	}
	want := []string{"custody", "sealed", "verified", "true"}
	if state != "" {
		want = append(want, "state", state)
	}
	_, err = s.expect("the backend stores the offline token", func() (play.Answer, error) { return s.backend.Store(ctx, s.offline) },
		http.StatusCreated, want...)
	return err
}

func (s *story) mint(ctx context.Context) error {
	a, err := s.expect("the backend mints a system key", func() (play.Answer, error) { return s.backend.Mint(ctx, s.user, "org-1", "automation") },
		http.StatusOK, "name", "automation")
	s.key = a.Text("key")
	return err
}

// bothWork: the key, and the token behind it.
func (s *story) bothWork(ctx context.Context) error {
	if err := s.keyWorks(ctx, "usable"); err != nil {
		return err
	}
	_, err := s.expect("access token", func() (play.Answer, error) { return s.backend.Access(ctx, s.user) }, http.StatusOK)
	return err
}

func (s *story) keyWorks(ctx context.Context, token string) error {
	_, err := s.expect("the automation's key at /users/me", func() (play.Answer, error) { return s.backend.Me(ctx, s.key) },
		http.StatusOK, "token.state", token)
	return err
}

func (s *story) keyFails(ctx context.Context, reason string) error {
	_, err := s.expect("the automation's key at /users/me", func() (play.Answer, error) { return s.backend.Me(ctx, s.key) },
		http.StatusUnauthorized, "reason", reason)
	return err
}

func (s *story) tokenFails(ctx context.Context, reason string) error {
	_, err := s.expect("access token", func() (play.Answer, error) { return s.backend.Access(ctx, s.user) },
		http.StatusConflict, "reason", reason)
	return err
}

func (s *story) bothFail(ctx context.Context, reason string) error {
	return inOrder(
		func() error { return s.keyFails(ctx, reason) },
		func() error { return s.tokenFails(ctx, reason) },
	)
}

// browserLogout: Keycloak sends the same LOGOUT event as for a dead offline session, and the
// offline session lives.
func (s *story) browserLogout(ctx context.Context) error {
	began := time.Now()
	if err := s.act("the browser logs out", func() error { return s.browser.Logout(ctx, s.online) }); err != nil {
		return err
	}
	if err := s.until(ctx, began, "usable"); err != nil {
		return err
	}
	if err := s.act("refreshes the offline token still",
		func() error { _, err := s.keycloak.Refresh(ctx, s.offline); return err }); err != nil {
		return err
	}
	return s.bothWork(ctx)
}

func (s *story) offlineLogout(ctx context.Context) error {
	began := time.Now()
	err := s.act("the application logs out with the offline token", func() error { return s.keycloak.Logout(ctx, s.offline) })
	if err != nil {
		return err
	}
	if err := s.until(ctx, began, "revoked"); err != nil {
		return err
	}
	return s.suspended(func() error {
		return inOrder(
			func() error { return s.tokenFails(ctx, "session_ended") },
			func() error { return s.keyWorks(ctx, "revoked") },
		)
	})
}

func (s *story) newLogin(ctx context.Context) error {
	if err := s.login(ctx, "usable"); err != nil {
		return err
	}
	return s.bothWork(ctx)
}

func (s *story) disable(ctx context.Context) error {
	began := time.Now()
	if err := s.act("an administrator disables the user", func() error { return s.keycloak.Enable(ctx, s.user, false) }); err != nil {
		return err
	}
	if err := s.until(ctx, began, "suspended"); err != nil {
		return err
	}
	if err := s.bothFail(ctx, "user_disabled"); err != nil {
		return err
	}
	began = time.Now()
	if err := s.act("an administrator enables the user", func() error { return s.keycloak.Enable(ctx, s.user, true) }); err != nil {
		return err
	}
	if err := s.until(ctx, began, "usable"); err != nil {
		return err
	}
	return s.bothWork(ctx)
}

// remove waits for the next second: a token issued in the very second of the deletion is not
// before it, and is found dead a few seconds later by a look, for another reason.
func (s *story) remove(ctx context.Context) error {
	play.Pause(ctx, time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	began := time.Now()
	err := s.act("an administrator deletes the user", func() error {
		_, err := s.keycloak.Call(ctx, http.MethodDelete, "/users/"+s.user, nil, nil)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.until(ctx, began, "revoked"); err != nil {
		return err
	}
	if err := s.bothFail(ctx, "user_deleted"); err != nil {
		return err
	}
	dead, key := s.offline, s.key
	if err := s.act("an administrator imports the same user id again",
		func() error { return s.keycloak.Import(ctx, s.name, s.user) }); err != nil {
		return err
	}
	s.browser = s.keycloak.NewBrowser()
	err = inOrder(
		func() error { return s.keyFails(ctx, "user_deleted") },
		func() error { return s.login(ctx, "") }, // suspended until the next look, half a second later at most
		func() error { return s.until(ctx, time.Now(), "usable") },
		func() error { return s.keyFails(ctx, "user_deleted") },
		func() error { return s.stillDead(ctx, dead) },
		func() error { return s.mint(ctx) },
		func() error { return s.bothWork(ctx) },
	)
	if err != nil {
		return err
	}
	if s.key == key {
		return errors.New("the key of the deleted user came back")
	}
	return nil
}

// stillDead asks about one token, not about the user's best one. Its reason is the deletion, or the
// absence of its session if a look came while Keycloak was deleting: the earlier one is told.
func (s *story) stillDead(ctx context.Context, t play.Tokens) error {
	c, err := t.Claims()
	if err != nil {
		return err
	}
	began := time.Now()
	v, err := s.backend.Decide(ctx, []play.Question{{User: s.user, Client: t.Client, Session: c.Session, IssuedAt: c.IssuedAt}})
	if err != nil {
		return err
	}
	if v[0].State != "revoked" {
		return fmt.Errorf("the deleted user's token: %+v", v[0])
	}
	s.say(time.Since(began), "authapi   verdict of the old token: %s %s", v[0].State, v[0].Reason)
	return nil
}
