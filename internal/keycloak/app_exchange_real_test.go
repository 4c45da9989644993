package keycloak_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure an access token is exchanged where Keycloak allows it, that each refusal has its reason,
// and that what was exchanged ends with the session.
func TestApp_Exchange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("carol")
	token := b.offline("carol")
	g, err := b.app.Refresh(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(app *keycloak.App, subject secret.Text, audience, reason string) {
		t.Helper()
		_, err := app.Exchange(ctx, subject, audience)
		if r, ok := errors.AsType[*keycloak.RefusedError](err); !ok || r.Reason != reason || r.Class.Records() {
			t.Errorf("want %s, got %v", reason, err)
		}
	}
	refused(b.app, g.AccessToken, "app2", keycloak.ReasonExchangeOff)
	app2 := b.clientUUID(b.realm, "app2")
	b.must("PUT", b.path("/clients/"+b.appUUID), map[string]any{"clientId": "app", "attributes": map[string]any{"standard.token.exchange.enabled": "true"}})
	refused(b.app, g.AccessToken, "app2", keycloak.ReasonAudienceNotAllowed)
	refused(b.app, g.AccessToken, "nobody", keycloak.ReasonNoSuchAudience)
	b.must("PUT", b.path("/clients/"+app2), map[string]any{"clientId": "app2", "enabled": false})
	refused(b.app, g.AccessToken, "app2", keycloak.ReasonExchangeRefused)
	b.must("PUT", b.path("/clients/"+app2), map[string]any{"clientId": "app2", "enabled": true})
	refused(b.newApp("app", "wrong"), g.AccessToken, "app2", "unauthorized_client")
	b.must("POST", b.path("/clients/"+app2+"/roles"), map[string]any{"name": "r"})
	var role map[string]any
	b.read(b.path("/clients/"+app2+"/roles/r"), &role)
	b.must("POST", b.path("/users/"+id+"/role-mappings/clients/"+app2), []any{role})
	// A login that is older than an online session may get does not shorten it (keycloak#40611).
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"ssoSessionMaxLifespan": 1})
	for began := time.Now(); time.Since(began) < 1500*time.Millisecond; {
		b.read(b.path(""), &map[string]any{})
	}
	got, err := b.app.Exchange(ctx, g.AccessToken, "app2")
	if err != nil || got.ExpiresIn <= 0 {
		t.Fatalf("%v, valid for %s", err, got.ExpiresIn)
	}
	c := b.claims(got.AccessToken)
	if of := b.claims(g.AccessToken); c["aud"] != "app2" || c["azp"] != "app" || c["sid"] != of["sid"] {
		t.Errorf("exchanged: aud %v, azp %v, sid %v instead of %v", c["aud"], c["azp"], c["sid"], of["sid"])
	}
	active := func() bool { // as the other service asks
		_, body := b.form("/realms/"+b.realm+"/protocol/openid-connect/token/introspect", url.Values{
			"client_id": {"app2"}, "client_secret": {"s2"}, "token": {got.AccessToken.Reveal()},
		})
		return strings.Contains(string(body), `"active":true`)
	}
	if !active() {
		t.Error("the other service is told that the token is not active")
	}
	if _, err := b.app.Logout(ctx, token); err != nil {
		t.Fatal(err)
	}
	if active() {
		t.Error("what was exchanged outlives the session")
	}
	refused(b.app, g.AccessToken, "app2", keycloak.ReasonSubjectRefused)
}

// claims of a token, not verified.
func (b *bench) claims(token secret.Text) (c map[string]any) {
	b.t.Helper()
	parts := strings.Split(token.Reveal(), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || json.Unmarshal(raw, &c) != nil {
		b.t.Fatalf("a token of %d parts: %v", len(parts), err)
	}
	return c
}
