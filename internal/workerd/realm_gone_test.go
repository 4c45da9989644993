package workerd

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// vanishing is a Keycloak with the realms demo and other; demo is gone after a number of questions
// about it.
func vanishing(t *testing.T, after int64) string {
	t.Helper()
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say := func(status int, text string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, text)
		}
		path := r.URL.Path
		first := r.URL.Query().Get("first") == "" || r.URL.Query().Get("first") == "0"
		switch {
		case strings.HasSuffix(path, "/token"):
			say(200, `{"access_token":"x.`+base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, time.Now().Unix()))+`.x","expires_in":60}`)
		case strings.Contains(path, "/realms/demo") && asked.Add(1) > after:
			say(404, `{"error":"Realm not found."}`)
		case strings.HasSuffix(path, "/serverinfo"):
			say(200, `{"systemInfo":{"version":"26.7.3"}}`)
		case strings.HasSuffix(path, "/events/config"):
			say(200, `{"eventsEnabled":true}`)
		case strings.Contains(path, "/offline-sessions") && first:
			say(200, fmt.Sprintf(`[{"id":"s1","userId":"u","start":1000,"lastAccess":%d,"clients":{"c1":"app"}}]`, time.Now().UnixMilli()))
		case strings.HasSuffix(path, "/users") && first:
			say(200, `[{"id":"u","enabled":true,"notBefore":0}]`)
		case strings.HasSuffix(path, "/client-scopes"), strings.Contains(path, "/offline-sessions"), strings.HasSuffix(path, "/users"), strings.HasSuffix(path, "events"):
			say(200, `[]`)
		case strings.HasSuffix(path, "/composite"):
			say(200, `[{"name":"offline_access"}]`)
		case strings.Contains(path, "/users/"):
			say(200, `{"id":"u","enabled":true,"notBefore":0}`)
		case strings.Contains(path, "/clients/"):
			say(200, `{"id":"c1","clientId":"app","enabled":true}`)
		default:
			say(200, `{"realm":"r","enabled":true,"issuer":"i","token_endpoint":"t","offlineSessionIdleTimeout":2592000}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// kept is a read model, a log and a journal of two realms with one token each.
type kept struct {
	facts  tokenstate.Facts
	states map[string]backfill.State
}

func (*kept) ClientsIn(string) []string { return []string{"c1"} }
func (*kept) Holds(string, string) bool { return true }
func (*kept) PageTells(string, string, tokenstate.PageUser, events.Millis) (tell, ask bool) {
	return true, false
}

func (k *kept) Publish(_ context.Context, m events.Message) error {
	m.Received = m.At
	k.facts.Add(tokenstate.Learn(m))
	return nil
}

func (*kept) HaveEvents(context.Context, []string) (map[string]bool, error) { return nil, nil }
func (*kept) Realms(context.Context) ([]string, error)                      { return []string{"demo", "other"}, nil }

func (k *kept) Backfills(context.Context) (map[string]backfill.State, error) {
	return k.states, nil
}

func (*kept) KeepBackfills(context.Context, []string) error { return nil }

func (k *kept) PutBackfill(_ context.Context, realm string, s backfill.State) error {
	k.states[realm] = s
	return nil
}

// Ensure a realm that disappears at any moment of listings, looks and readings of event stores
// leaves another one alone, is never half there for good, and is surely known to be gone by a look.
func TestARealmDisappears(t *testing.T) {
	for after := range int64(16) { // of the realm's own look the sixteenth question is
		c := &workerconfig.Config{KeycloakURL: vanishing(t, after), AdminRealm: "master", ClientID: "w", ClientSecret: secret.New("x")}
		admin, err := c.Admin()
		workertest.Must(t, err)
		ctx := t.Context()
		k := &kept{facts: tokenstate.NewFacts(), states: map[string]backfill.State{"demo": {Upto: 5}, "other": {Upto: 5}}}
		pages := &worker.Pages{Known: k, Ask: asking.Pager{Admin: admin}, Log: k, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {}}
		b := &backfill.Backfill{Archive: archive{admin: admin}, Journal: k, Log: k, AdminRealm: "master", Overlap: time.Minute, Logger: zerolog.Nop()}
		token := func(realm string) tokenstate.Token {
			return tokenstate.Token{Realm: realm, User: "u", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: 100}
		}
		look := func(s tokenstate.Scope) error {
			ms, err := asking.Asker{Admin: admin, WasThere: k.facts.WasThere}.Look(ctx, s, []tokenstate.Token{token(s.Realm)})
			for _, m := range ms {
				workertest.Must(t, k.Publish(ctx, m))
			}
			return err
		}
		for _, realm := range []string{"demo", "other"} {
			if err := pages.List(ctx, realm, false); err != nil && (realm == "other" || !errors.Is(err, worker.ErrNoSuch)) {
				t.Errorf("after %d: list %s: %v", after, realm, err)
			}
			for _, s := range []tokenstate.Scope{{Realm: realm, User: "u"}, {Realm: realm, Client: "c1"}} {
				if err := look(s); errors.Is(err, worker.ErrAway) || err != nil && realm == "other" {
					t.Errorf("after %d: look at %+v: %v", after, s, err)
				}
			}
			if v := tokenstate.Judge(token(realm), k.facts, tokenstate.DefaultRules()); v.State == tokenstate.Revoked {
				t.Errorf("after %d: nobody has looked at the realm, and %s is %+v", after, realm, v)
			}
		}
		if err := b.Round(ctx); err == nil || errors.Is(err, worker.ErrAway) {
			t.Errorf("after %d: the event stores: %v", after, err)
		}
		if k.states["demo"].Upto != 5 || k.states["other"].Upto <= 5 || k.states["master"].Upto == 0 {
			t.Errorf("after %d: read up to %+v", after, k.states)
		}
		workertest.Must(t, look(tokenstate.Scope{Realm: "other"}))
		wasThere := k.facts.WasThere("demo")
		if err := look(tokenstate.Scope{Realm: "demo"}); wasThere && err != nil || !wasThere && !errors.Is(err, asking.ErrNeverThere) || wasThere == (after < 3) { // a page of sessions takes three
			t.Errorf("after %d: seen %t: %v", after, wasThere, err)
		}
		if v := tokenstate.Judge(token("demo"), k.facts, tokenstate.DefaultRules()); wasThere != (v.Reason == tokenstate.ReasonRealmDeleted) {
			t.Errorf("after %d: the realm is gone, and its token %+v", after, v)
		}
		if v := tokenstate.Judge(token("other"), k.facts, tokenstate.DefaultRules()); v.State != tokenstate.Usable {
			t.Errorf("after %d: the other realm's token is %+v", after, v)
		}
	}
}
