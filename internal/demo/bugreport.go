package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// bugReport replays the report that tokenstate was made for: automations of a user who had logged
// out answered 401, and what was tried against it let disabled users' keys live on.
func (s *story) bugReport(ctx context.Context) error {
	s.name, s.browser = "bob", s.keycloak.NewBrowser()
	return inOrder(
		func() error { return s.begin(ctx) },
		func() error { return s.loggedOut(ctx) },
		func() error { return s.newLogin(ctx) },
		func() error { return s.disabledInKeycloak(ctx) },
		func() error { return s.disabledByBackend(ctx) },
	)
}

// loggedOut: the offline session is dead, and everything that needs no Keycloak session goes on.
// Keycloak is suspended meanwhile, so that nothing can have asked it.
func (s *story) loggedOut(ctx context.Context) error {
	began := time.Now()
	if err := s.act("a logout ends the offline session while a run is under way", func() error { return s.keycloak.Logout(ctx, s.offline) }); err != nil {
		return err
	}
	if err := s.until(ctx, began, soon, "revoked"); err != nil {
		return err
	}
	return s.suspended(func() error {
		return inOrder(
			func() error { return s.container(ctx) },
			func() error { return s.dispatch(ctx, http.StatusOK, "name", "automation") },
			func() error { return s.integration(ctx, "Jira", "usable", "", "session_ended") },
			func() error { return s.integration(ctx, "GitHub", "usable", "", "session_ended") },
		)
	})
}

// container is a running container, which says who it is, and is told of the token.
func (s *story) container(ctx context.Context) error {
	_, err := s.expect("the running container calls /users/me", func() (play.Answer, error) { return s.backend.Me(ctx, s.key) },
		http.StatusOK, "user_id", s.user, "token.state", "revoked", "token.reason", "session_ended")
	return err
}

// dispatch is the automation service's next run: it mints, and gets the key that it had.
func (s *story) dispatch(ctx context.Context, status int, members ...string) error {
	a, err := s.expect("the next dispatch mints at the service endpoint", func() (play.Answer, error) { return s.backend.Mint(ctx, s.user, "org-1", "automation") }, status, members...)
	if err == nil && status == http.StatusOK && a.Text("key") != s.key {
		return errors.New("the dispatch got another key: the running container's would be void")
	}
	return err
}

// integration is what a webhook's handler asks before it starts a job: may the user's key act, and
// is there a Keycloak token to pass on. Without one the job goes on with the provider's own token.
func (s *story) integration(ctx context.Context, name, key, keyReason, tokenReason string) error {
	a, err := s.backend.Call(ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": []any{map[string]any{"api_key": s.key}}})
	if err != nil {
		return err
	}
	items, _ := a.Body["items"].([]any)
	if len(items) != 1 {
		return fmt.Errorf("%s: /v1/decide answers %d %v", name, a.Status, a.Body)
	}
	a.Body, _ = items[0].(map[string]any)
	members := []string{"state", key}
	if keyReason != "" {
		members = append(members, "reason", keyReason)
	}
	if _, err := s.expect(name+": may the user act?", func() (play.Answer, error) { return a, nil }, http.StatusOK, members...); err != nil {
		return err
	}
	_, err = s.expect(name+": is there an access token?", func() (play.Answer, error) { return s.backend.Access(ctx, s.user) }, http.StatusConflict, "reason", tokenReason)
	return err
}

// refused: every path says the same reason.
func (s *story) refused(ctx context.Context) error {
	return inOrder(
		func() error { return s.keyFails(ctx, "user_disabled") },
		func() error { return s.dispatch(ctx, http.StatusConflict, "reason", "user_disabled") },
		func() error { return s.integration(ctx, "Jira", "suspended", "user_disabled", "user_disabled") },
		func() error { return s.integration(ctx, "GitHub", "suspended", "user_disabled", "user_disabled") },
	)
}

func (s *story) disabledInKeycloak(ctx context.Context) error {
	began := time.Now()
	return inOrder(
		func() error {
			return s.act("an administrator disables the user", func() error { return s.keycloak.Enable(ctx, s.user, false) })
		},
		func() error { return s.until(ctx, began, soon, "suspended") },
		func() error { return s.refused(ctx) },
	)
}

// disabledByBackend: two authorities closed the user, and each opens only what it closed itself.
func (s *story) disabledByBackend(ctx context.Context) error {
	order, err := s.standing(ctx, false)
	if err != nil {
		return err
	}
	return inOrder(
		func() error {
			return s.act("the administrator enables the user again", func() error { return s.keycloak.Enable(ctx, s.user, true) })
		},
		func() error { return s.closedBy(ctx, order) }, // Keycloak's enable has been heard
		func() error { return s.refused(ctx) },
		func() error { _, err := s.standing(ctx, true); return err },
		func() error { return s.bothWork(ctx) },
	)
}

// standing is the backend's own word; it gives the order's id.
func (s *story) standing(ctx context.Context, enabled bool) (string, error) {
	what := map[bool]string{false: "the backend disables the user, too", true: "the backend enables the user"}[enabled]
	a, err := s.expect(what, func() (play.Answer, error) {
		return s.backend.Call(ctx, http.MethodPost, "/v1/users/"+s.user+"/standing?wait_ms=5000", "", map[string]any{"enabled": enabled, "reason": "demo"})
	}, http.StatusOK, "applied", "true")
	return a.Text("event_id"), err
}

// closedBy waits until a verdict's cause is the one given.
func (s *story) closedBy(ctx context.Context, cause string) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	began := time.Now()
	for {
		v, err := s.backend.Decide(ctx, []play.Question{{User: s.user}})
		if err == nil && v[0].EventID == cause && !v[0].InDoubt {
			s.say(time.Since(began), "authapi   verdict: %s %s, by the backend's order alone", v[0].State, v[0].Reason)
			return nil
		}
		play.Pause(ctx, 5*time.Millisecond)
		if ctx.Err() != nil {
			return errors.Join(fmt.Errorf("the verdict is %+v, want it to be by %s", v, cause), err)
		}
	}
}
