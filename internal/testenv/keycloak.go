package testenv

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Keycloak is the real server that all tests share, and a realm on it that is one test's own.
type Keycloak struct {
	URL       string
	Realm     string
	AppSecret string // of the clients app and app2
	// The worker's client in the master realm, which may look at the realm. A token that it
	// was given before the realm was made does not reach it.
	WorkerID, WorkerSecret string
	Admin                  *devstack.Admin
}

// NewKeycloak makes a realm of deploy/realm.json's shape and deletes it after the test. Its
// events reach the NATS server at NATS_URL, not one of the test's own.
func NewKeycloak(tb testing.TB) *Keycloak {
	tb.Helper()
	env, err := devstack.EnvFromProcess()
	if err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	if env.KeycloakURL == "" || env.KeycloakAdminPassword == "" {
		tb.Fatal("testenv: this test needs a real Keycloak, and KEYCLOAK_URL is not set: run `make test`, or `.dev/bin/devstack run --services -- go test ./...`")
	}
	kc := &Keycloak{
		URL: env.KeycloakURL, Realm: "t" + strings.ToLower(rand.Text()[:12]), AppSecret: env.KeycloakClientSecret,
		WorkerID: env.WorkerClientID, WorkerSecret: env.WorkerClientSecret, Admin: devstack.AdminOf(env),
	}
	if err := kc.Admin.NewRealm(tb.Context(), kc.Realm); err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := kc.Admin.DeleteRealm(ctx, kc.Realm); err != nil {
			tb.Errorf("testenv: delete realm %s: %v", kc.Realm, err)
		}
	})
	return kc
}
