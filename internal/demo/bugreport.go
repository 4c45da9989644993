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
		func() error { return s.linked(ctx) },
		func() error { return s.loggedOut(ctx) },
		func() error { return s.gitHub(ctx, "true", "session_ended") },
		func() error { return s.newLogin(ctx) },
		func() error { return s.disabledInKeycloak(ctx) },
		func() error { return s.disabledByBackend(ctx) },
	)
}

// loggedOut: the offline session is dead, and everything that needs no Keycloak session goes on.
// Keycloak is suspended meanwhile, so that nothing can have asked it.
func (s *story) loggedOut(ctx context.Context) error {
	began := time.Now()
	if err := s.act("a logout ends the offline session while a run is under way",
		func() error { return s.keycloak.Logout(ctx, s.offline) }); err != nil {
		return err
	}
	if err := s.until(ctx, began, "revoked"); err != nil {
		return err
	}
	return s.suspended(func() error {
		return inOrder(
			func() error { return s.container(ctx) },
			func() error { return s.dispatch(ctx, http.StatusOK, "name", "automation") },
			func() error { return s.jira(ctx, "true", "session_ended") },
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

// github is the user's identity at a provider, by which a webhook knows them.
const github = "4711"

// linked gives the user an identity at GitHub.
func (s *story) linked(ctx context.Context) error {
	return s.act("an administrator links the user to GitHub", func() error {
		_, err := s.keycloak.Call(ctx, http.MethodPost, "/identity-provider/instances", map[string]any{
			"alias": "github", "providerId": "github", "enabled": true, "config": map[string]any{"clientId": "x", "clientSecret": "y"},
		}, nil)
		if err != nil {
			return err
		}
		_, err = s.keycloak.Call(ctx, http.MethodPost, "/users/"+s.user+"/federated-identity/github",
			map[string]any{"identityProvider": "github", "userId": github, "userName": s.name}, nil)
		return err
	})
}

// jira asks, by Keycloak's id, what can proceed for the user; it needs no Keycloak.
func (s *story) jira(ctx context.Context, keys, reason string) error {
	return s.integration(ctx, "a Jira webhook asks what can proceed", "/v1/users/"+s.user+"/auth", keys, reason)
}

// gitHub finds the user by the provider's id first.
func (s *story) gitHub(ctx context.Context, keys, reason string) error {
	return s.integration(ctx, "a GitHub webhook finds the user, and asks", "/v1/users?idp=github&idp_user_id="+github, keys, reason)
}

// integration is what a webhook's handler asks before it starts a job: may it go on with keys, is
// there a Keycloak token, and what is the user to be told. Without a token the job goes on with the
// provider's own.
func (s *story) integration(ctx context.Context, what, path, keys, reason string) error {
	a, err := s.expect(what, func() (play.Answer, error) { return s.backend.Call(ctx, http.MethodGet, path, "", nil) },
		http.StatusOK, "user_id", s.user, "can.api_keys", keys, "can.refresh", "false", "reason", reason)
	if err == nil && a.Text("message") == "" {
		err = errors.New(what + ": nothing to tell the user")
	}
	return err
}

// refused: every path says the same reason.
func (s *story) refused(ctx context.Context) error {
	return inOrder(
		func() error { return s.keyFails(ctx, "user_disabled") },
		func() error { return s.dispatch(ctx, http.StatusConflict, "reason", "user_disabled") },
		func() error { return s.jira(ctx, "false", "user_disabled") },
		func() error { return s.gitHub(ctx, "false", "user_disabled") },
	)
}

func (s *story) disabledInKeycloak(ctx context.Context) error {
	began := time.Now()
	return inOrder(
		func() error {
			return s.act("an administrator disables the user", func() error { return s.keycloak.Enable(ctx, s.user, false) })
		},
		func() error { return s.until(ctx, began, "suspended") },
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
		return s.backend.Call(ctx, http.MethodPost, "/v1/users/"+s.user+"/standing?wait_ms=5000", "",
			map[string]any{"enabled": enabled, "reason": "demo"})
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
