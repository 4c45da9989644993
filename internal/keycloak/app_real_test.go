package keycloak_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure an offline token can be decoded, introspected, refreshed and logged out,
// with a client secret that needs escaping.
func TestApp_LifeOfAToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("alice")
	token := b.offline("alice")

	e, err := b.app.Discover(ctx)
	if err != nil || !strings.HasSuffix(e.Issuer, "/realms/"+b.realm) || e.EndSession == "" || e.Revocation == "" || e.JWKS == "" {
		t.Fatalf("discovery: %+v, %v", e, err)
	}
	c, err := keycloak.ParseOffline(token)
	if err != nil || c.Issuer != e.Issuer || c.Subject != id || c.ClientID != "app" || c.Session == "" || c.ID == "" || c.Expires != 0 ||
		time.Since(time.Unix(c.IssuedAt, 0)).Abs() > time.Minute {
		t.Fatalf("claims: %+v, %v", c, err)
	}
	i, err := b.app.Introspect(ctx, token)
	if err != nil || !i.Active || i.Type != "Offline" || i.ClientID != c.ClientID || i.Subject != c.Subject ||
		i.Session != c.Session || i.IssuedAt != c.IssuedAt || i.Issuer != c.Issuer || i.ID != c.ID {
		t.Fatalf("introspection: %+v, %v; claims %+v", i, err, c)
	}
	g, err := b.app.Refresh(ctx, token)
	if err != nil || g.AccessToken.Empty() || g.RefreshToken.Empty() || g.ExpiresIn <= 0 || g.TokenType != "Bearer" {
		t.Fatalf("refresh: %v", err)
	}
	if n, err := keycloak.ParseOffline(g.RefreshToken); err != nil || n.Session != c.Session || n.ID == c.ID {
		t.Fatalf("a refresh keeps the sid and changes the jti: %+v, %v", n, err)
	}
	if r, err := b.app.Logout(ctx, token); err != nil || r.AlreadyDead {
		t.Fatalf("logout: %+v, %v", r, err)
	}
	if i, err := b.app.Introspect(ctx, token); err != nil || i != (keycloak.Introspection{}) {
		t.Fatalf("introspection after logout: %+v, %v", i, err)
	}
	b.refused(token, 400, "invalid_grant", "Offline user session not found", keycloak.ClassToken, "session_gone")
	if r, err := b.app.Logout(ctx, token); err != nil {
		t.Fatalf("logout again: %+v, %v", r, err)
	}
	if err := b.app.Revoke(ctx, token); err != nil {
		t.Fatalf("revoking what is gone: %v", err)
	}
}

// Ensure each reversible and final refusal has the text that the table expects.
func TestApp_RefusedTexts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("bob")
	token := b.offline("bob")

	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": false})
	b.refused(token, 400, "invalid_grant", "User disabled", keycloak.ClassToken, "user_disabled")
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": true})

	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"enabled": false})
	b.refused(token, 403, "access_denied", "Realm not enabled", keycloak.ClassToken, "realm_disabled")
	for name, err := range map[string]error{
		"introspect": second(b.app.Introspect(ctx, token)), "owner": second(b.app.LookUser(ctx, id)),
	} {
		if _, ok := errors.AsType[*keycloak.UnavailableError](err); !ok {
			t.Errorf("%s in a disabled realm: want Unavailable, got %v", name, err)
		}
	}
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"enabled": true})

	wrong := b.newApp("app", "wrong")
	b.refusedBy(wrong, token, 401, "unauthorized_client", "", keycloak.ClassNotToken, "unauthorized_client")
	b.refusedBy(b.newApp("no-such", "x"), token, 401, "invalid_client", "", keycloak.ClassNotToken, "invalid_client")
	var u *keycloak.UnavailableError
	if _, err := wrong.Introspect(ctx, token); !errors.As(err, &u) || u.Status != 401 {
		t.Errorf("introspect with a wrong secret: %v", err)
	}
	if err := second(wrong.Logout(ctx, token)); !errors.As(err, &u) {
		t.Errorf("logout with a wrong secret must not pass for done: %v", err)
	}
	if err := wrong.Revoke(ctx, token); !errors.As(err, &u) {
		t.Errorf("revocation with a wrong secret must not pass for done: %v", err)
	}
	other := b.newApp("app2", "s2")
	b.refusedBy(other, token, 400, "invalid_grant", "Invalid refresh token. Token client and authorized client don't match", keycloak.ClassNotToken, "client_mismatch")
	if err := second(other.Logout(ctx, token)); !errors.As(err, &u) {
		t.Errorf("logout by another client must not pass for done: %v", err)
	}
	b.refused(secret.New("rubbish"), 400, "invalid_grant", "Invalid refresh token", keycloak.ClassToken, "invalid_token")

	if _, err := b.app.Refresh(ctx, token); err != nil {
		t.Fatalf("all that was reversible: %v", err)
	}
	online := b.grant("bob", "openid")
	if _, err := keycloak.ParseOffline(online); !errors.Is(err, keycloak.ErrNotOffline) {
		t.Errorf("an online token: %v", err)
	}
	if i, err := b.app.Introspect(ctx, online); err != nil || !i.Active || i.Type != "Refresh" {
		t.Errorf("an online token introspected: %+v, %v", i, err)
	}
	if err := second(b.app.Logout(ctx, online)); err != nil {
		t.Fatal(err)
	}
	b.refused(online, 400, "invalid_grant", "Session not active", keycloak.ClassToken, "not_an_offline_token")

	later := time.Now().Add(2 * time.Second).Unix()
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"notBefore": later})
	b.refused(token, 400, "invalid_grant", "Stale token", keycloak.ClassAmbiguous, "stale")
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"notBefore": 0})

	if err := b.app.Revoke(ctx, token); err != nil {
		t.Fatalf("revocation: %v", err)
	}
	b.refused(token, 400, "invalid_grant", "Offline user session not found", keycloak.ClassToken, "session_gone")
}

// Ensure the application's own look at an owner sees standing, role and absence.
func TestApp_LookUser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("carol")
	look := func() keycloak.OwnerLook {
		t.Helper()
		before := time.Now()
		l, err := b.app.LookUser(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if l.At.After(time.Now()) || before.Sub(l.At) > 3*time.Second {
			t.Fatalf("At %v for a look made at %v", l.At, before)
		}
		return l
	}
	if l := look(); l.Gone || !l.Enabled || !l.OfflineAccess || l.NotBefore != 0 {
		t.Fatalf("%+v", l)
	}
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": false})
	if l := look(); l.Gone || l.Enabled {
		t.Fatalf("disabled: %+v", l)
	}
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": true})
	b.dropDefaultRoles(id)
	if l := look(); l.Gone || !l.Enabled || l.OfflineAccess {
		t.Fatalf("without default roles: %+v", l)
	}
	b.must("POST", b.path("/users/"+id+"/logout"), nil)
	if l := look(); l.NotBefore == 0 {
		t.Fatalf("after users/{id}/logout: %+v", l)
	}
	b.must("DELETE", b.path("/users/"+id), nil)
	if l := look(); !l.Gone || l.Enabled {
		t.Fatalf("deleted: %+v", l)
	}
	for _, bad := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		if _, err := b.app.LookUser(ctx, bad); !errors.Is(err, keycloak.ErrBadID) {
			t.Errorf("id %q: %v", bad, err)
		}
	}
	for _, odd := range []string{"../clients", "a/b", "a?b=c", "f:x:y z", "<>\"%2e%2e"} {
		if l, err := b.app.LookUser(ctx, odd); err == nil && !l.Gone {
			t.Errorf("id %q found something: %+v", odd, l)
		}
	}
}

func (b *bench) dropDefaultRoles(userID string) {
	b.t.Helper()
	var roles []map[string]any
	b.read(b.path("/users/"+userID+"/role-mappings/realm"), &roles)
	b.must("DELETE", b.path("/users/"+userID+"/role-mappings/realm"), roles)
}

func (b *bench) refused(token secret.Text, status int, code, text string, class keycloak.Class, reason string) {
	b.t.Helper()
	b.refusedBy(b.app, token, status, code, text, class, reason)
}

func (b *bench) refusedBy(app *keycloak.App, token secret.Text, status int, code, text string, class keycloak.Class, reason string) {
	b.t.Helper()
	_, err := app.Refresh(context.Background(), token)
	var r *keycloak.RefusedError
	if !errors.As(err, &r) {
		b.t.Fatalf("want a refusal %q, got %v", text, err)
	}
	if r.Status != status || r.Code != code || (text != "" && r.Description != text) || r.Class != class || r.Reason != reason {
		b.t.Fatalf("want %d %s %q %s %s, got %+v", status, code, text, class, reason, *r)
	}
}

func second[T any](_ T, err error) error { return err }

// Ensure a logout says what Keycloak answered: it takes the token of a disabled
// user, in a disabled realm and a stale one.
func TestApp_LogoutOfARefusedToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := context.Background()
	id := b.user("ivan")
	disabled, closed := b.offline("ivan"), b.offline("ivan")
	stale, cut, kept := b.offline("ivan"), b.offline("ivan"), b.offline("ivan")

	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": false})
	if r, err := b.app.Logout(ctx, disabled); err != nil || r.AlreadyDead {
		t.Fatalf("disabled user: %+v, %v", r, err)
	}
	b.must("PUT", b.path("/users/"+id), map[string]any{"enabled": true})
	// Its session is gone, or (1 run of some 15) only the client's place in it.
	if refused, ok := errors.AsType[*keycloak.RefusedError](second(b.app.Refresh(ctx, disabled))); !ok || refused.Class != keycloak.ClassToken {
		t.Fatalf("after the logout of a disabled user's token: %v", refused)
	}

	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"enabled": false})
	if r, err := b.app.Logout(ctx, closed); err != nil || r.AlreadyDead {
		t.Fatalf("disabled realm: %+v, %v", r, err)
	}
	var u *keycloak.UnavailableError
	if err := b.app.Revoke(ctx, stale); !errors.As(err, &u) && !isRefused(err) {
		t.Fatalf("revocation in a disabled realm: %v", err)
	}
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"enabled": true, "notBefore": time.Now().Unix() + 5})
	b.refused(closed, 400, "invalid_grant", "Stale token", keycloak.ClassAmbiguous, "stale")
	if r, err := b.app.Logout(ctx, stale); err != nil || r.AlreadyDead {
		t.Fatalf("logout of a stale token: %+v, %v", r, err)
	}
	if err := b.app.Revoke(ctx, cut); err != nil {
		t.Fatalf("revocation of a stale token: %v", err)
	}
	b.must("PUT", "/admin/realms/"+b.realm, map[string]any{"notBefore": 0})
	// Keycloak said 204 to all three, and most often they are dead by now. Not always: on a busy
	// machine one was refreshed afterwards (2 of some 15 runs, 26.7.3; cause not found). So a
	// 204 is no proof, and authapi's logout waits for a look. A refusal must be the right one.
	for name, token := range map[string]secret.Text{"closed": closed, "stale": stale, "cut": cut} {
		if _, err := b.app.Refresh(ctx, token); err == nil {
			t.Logf("%s: Keycloak refreshes it after a logout that it answered with 204", name)
		} else if refused, ok := errors.AsType[*keycloak.RefusedError](err); !ok || refused.Class != keycloak.ClassToken {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if _, err := b.app.Refresh(ctx, kept); err != nil {
		t.Fatalf("an untouched token after the cut is lifted: %v", err)
	}

	if _, err := b.app.Logout(ctx, secret.New("rubbish")); !isRefused(err) {
		t.Fatalf("rubbish: %v", err)
	}
	if err := b.app.Revoke(ctx, secret.New("rubbish")); err != nil {
		t.Fatalf("revoking what Keycloak does not know is no error: %v", err)
	}
}

func isRefused(err error) bool {
	var r *keycloak.RefusedError
	return errors.As(err, &r)
}
