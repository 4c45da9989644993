package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// notOfClients are the calls that a client has no use for: gateways ask by these methods, too.
var notOfClients = []string{"HEAD /v1/authorize", "POST /v1/authorize"}

// Ensure the client has every call of the API, and reads the answers.
func TestClientHasEveryCall(t *testing.T) {
	s := newService(t)
	s.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(*tokenstate.Standing) {}))
	key := s.clientKeys(t)
	s.clientTokens(t, key)
	s.clientStories(t)
	for path, methods := range s.description().Paths {
		for method := range methods {
			name, made := strings.ToUpper(method)+" "+path, false
			s.made.Range(func(call, _ any) bool {
				m, p, _ := strings.Cut(call.(string), " ")
				made = made || m == strings.ToUpper(method) && description.patterns[path].MatchString(p)
				return true
			})
			if expected := !strings.Contains(strings.Join(notOfClients, ","), name); made != expected {
				t.Errorf("%s: made %v, want %v", name, made, expected)
			}
		}
	}
}

// clientKeys gives a system key.
func (s *service) clientKeys(t *testing.T) string {
	t.Helper()
	ctx, ends := t.Context(), time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	health, err := s.api.Health(ctx)
	must(t, err)
	if health.Status != "ok" || !health.ServiceAuthConfigured {
		t.Errorf("%+v", health)
	}
	must(t, s.api.PutMember(ctx, "acme", "u"))
	made, err := s.api.CreateKey(ctx, "u", client.NewKey{Name: "laptop", OrgID: "acme", ExpiresAt: &ends, IdempotencyKey: "once"})
	must(t, err)
	again, err := s.api.CreateKey(ctx, "u", client.NewKey{Name: "laptop", OrgID: "acme", ExpiresAt: &ends, IdempotencyKey: "once"})
	must(t, err)
	if made.Key == "" || made.Key != again.Key || !made.Active || made.OrgID == nil || *made.OrgID != "acme" || !made.ExpiresAt.Equal(ends) {
		t.Errorf("%+v, again %+v", made, again)
	}
	overlap := 10 * time.Minute
	next, err := s.api.RotateKey(ctx, "u", made.ID, client.Rotation{Overlap: &overlap})
	must(t, err)
	if next.Replaces != made.ID || next.Name != "laptop" {
		t.Errorf("%+v", next)
	}
	first, err := s.api.Keys(ctx, "u", true, client.Page{Limit: 1})
	must(t, err)
	rest, err := s.api.Keys(ctx, "u", true, client.Page{Cursor: first.NextCursor})
	must(t, err)
	if len(first.Items) != 1 || first.NextCursor == "" || len(rest.Items) != 1 || rest.NextCursor != "" {
		t.Errorf("%+v %+v", first, rest)
	}
	s.caughtUp()
	said, err := s.api.Introspect(ctx, next.Key)
	must(t, err)
	if !said.Active || said.UserID != "u" || said.KeyID != next.ID || said.ExpiresAt != ends.Unix() {
		t.Errorf("%+v", said)
	}
	must(t, s.api.RevokeUserKey(ctx, "u", next.ID))
	must(t, s.api.DeleteMember(ctx, "acme", "u"))
	key, err := s.api.Mint(ctx, "u", "o r g", "automation")
	must(t, err)
	s.caughtUp()
	passes, err := s.api.Authorize(ctx, key)
	must(t, err)
	if passes.UserID != "u" || passes.OrgID != "o r g" || passes.Realm != "demo" || passes.Key.Kind != "system" || passes.Token != client.Unknown {
		t.Errorf("%+v", passes)
	}
	return key
}

func (s *service) clientTokens(t *testing.T, key string) {
	t.Helper()
	ctx := t.Context()
	_, err := s.api.Me(ctx, key)
	must(t, err)
	_, err = s.api.StoreToken(ctx, token(offline("s", now())))
	must(t, err)
	s.caughtUp()
	tokens, err := s.api.Tokens(ctx, "u", client.Page{})
	must(t, err)
	if len(tokens.Items) != 1 || tokens.Items[0].SessionID != "s" || tokens.Items[0].State != client.Usable || tokens.Items[0].Custody != "sealed" {
		t.Errorf("%+v", tokens)
	}
	_, err = s.api.AccessToken(ctx, "u", "", 0)
	must(t, err)
	_, err = s.api.ReportRefresh(ctx, client.RefreshOutcome{TokenID: client.TokenID{UserID: "u", ClientID: "app", SessionID: "s", IssuedAt: int64(now())}, Status: http.StatusOK})
	must(t, err)
	_, _, err = s.api.Decide(ctx, client.Question{APIKey: key})
	must(t, err)
	_, err = s.api.Logout(ctx, token(offline("s", now())), false)
	must(t, err)
	can, err := s.api.UserAuth(ctx, "u")
	must(t, err)
	if !can.Can.APIKeys || !can.Can.Refresh || !can.Standing.Active || can.Message != "" {
		t.Errorf("%+v", can)
	}
	if _, err = s.api.LinkedUser(ctx, "github", "4711"); !errors.Is(err, client.ErrUnavailable) { // nobody is asked here
		t.Errorf("%v", err)
	}
	if _, err = s.api.BackChannelLogout(ctx, "none"); !errors.Is(err, &client.Problem{Slug: "invalid-logout-token"}) && !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	must(t, s.api.DeleteToken(ctx, "u", "s"))
	must(t, s.api.RevokeKey(ctx, "u", "o r g", "automation", false))
	s.caughtUp()
	if _, err := s.api.Authorize(ctx, key); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("%v", err)
	}
}

func (s *service) clientStories(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	order, err := s.api.SetStanding(ctx, "u", client.Standing{Enabled: false, Reason: "test"})
	must(t, err)
	_, err = s.api.Revoke(ctx, "u", client.Revocation{Keys: true, Reason: "test"})
	must(t, err)
	s.caughtUp()
	stories := told{make(chan struct{}, 1), make(chan struct{})}
	close(stories.gate)
	s.server.Admin.Stories = stories
	story, err := s.api.ExplainAll(ctx, "u", client.Page{})
	must(t, err)
	if story.UserID != "u" || len(story.Steps) == 0 {
		t.Errorf("%+v", story)
	}
	event, err := s.api.Event(ctx, order.EventID)
	must(t, err)
	if !event.Applied || event.EventID != order.EventID || len(event.Messages) == 0 {
		t.Errorf("%+v", event)
	}
	status, err := s.api.Status(ctx)
	must(t, err)
	if status.Sentence == "" || len(status.Checks) == 0 || status.Log == nil || status.At.IsZero() {
		t.Errorf("%+v", status)
	}
	if _, err = s.api.UsersByEmail(ctx, "ann@example.org"); !errors.Is(err, client.ErrUnavailable) { // nobody is asked here
		t.Errorf("%v", err)
	}
	refused, err := s.api.Refusals(ctx, client.RefusalQuestion{UserID: "u"})
	must(t, err)
	if len(refused) == 0 || refused[0].Reason == "" || refused[0].At.IsZero() {
		t.Errorf("%+v", refused)
	}
	s.notify("demo", "ann", "ben")
	first, err := s.api.Notices(ctx, "", 1)
	must(t, err)
	rest, err := s.api.Notices(ctx, first.NextAfter, 0)
	must(t, err)
	if len(first.Items) != 1 || len(rest.Items) != 1 || first.Items[0].Type != client.LoginNeeded || first.Items[0].ID == "" ||
		rest.Items[0].Data.UserID != "ben" || !rest.Items[0].Data.KeysPass || rest.Items[0].Data.Message == "" {
		t.Errorf("%+v %+v", first, rest)
	}
}

// Ensure a client of one realm does not take the keys of another, and that writes wait if they are told to.
func TestClientOfOneRealm(t *testing.T) {
	s := newService(t)
	_, theirs := s.otherRealm()
	key := s.as(theirs, http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "k"}).want(t, http.StatusOK).text("key")
	for realm, want := range map[string]error{"other": nil, "demo": client.ErrUnauthorized} {
		api, err := client.New(s.url, client.WithRealm(realm), client.WithWait(time.Minute), client.WithServiceKey(s.service),
			client.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
		must(t, err)
		if _, err := api.Me(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("%s: %v", realm, err)
		}
		if _, err := api.Authorize(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("%s: %v", realm, err)
		}
		made, err := api.CreateKey(t.Context(), "u", client.NewKey{Name: "n"})
		must(t, err)
		if !made.Applied {
			t.Errorf("it did not wait: %+v", made)
		}
	}
}

// Ensure what authapi could only refuse is not sent, and that the error says what to set.
func TestClientSendsNothingInvalid(t *testing.T) {
	s := newService(t)
	ctx, before := t.Context(), s.calls.Load()
	id, past := client.TokenID{UserID: "u", ClientID: "app", SessionID: "s", IssuedAt: 1}, time.Unix(0, 0)
	decide := func(q client.Question) error { _, _, err := s.api.Decide(ctx, q); return err }
	for name, err := range map[string]error{
		"an empty question":   decide(client.Question{}),
		"a key and a user":    decide(client.Question{APIKey: "k", UserID: "u"}),
		"a session alone":     decide(client.Question{UserID: "u", SessionID: "s"}),
		"no question":         second(s.api.Revoke(ctx, "u", client.Revocation{Reason: "r"})),
		"no reason":           second(s.api.SetStanding(ctx, "u", client.Standing{})),
		"half a token":        second(s.api.TrackToken(ctx, client.TokenID{UserID: "u"})),
		"an outcome of none":  second(s.api.ReportRefresh(ctx, client.RefreshOutcome{TokenID: id})),
		"a key without name":  second(s.api.CreateKey(ctx, "u", client.NewKey{})),
		"a key that is dead":  second(s.api.CreateKey(ctx, "u", client.NewKey{Name: "n", NotBefore: &later, ExpiresAt: &past})),
		"a negative overlap":  second(s.api.RotateKey(ctx, "u", "k", client.Rotation{Overlap: new(time.Duration(-1))})),
		"refusals of anybody": second(s.api.Refusals(ctx, client.RefusalQuestion{})),
	} {
		if bad, ok := errors.AsType[*client.InvalidError](err); !ok || bad.Detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.calls.Load() != before {
		t.Error("something was sent")
	}
}

var later = time.Unix(1, 0)

func second[T any](_ T, err error) error { return err }
