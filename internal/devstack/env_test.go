package devstack

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// full has a value of its own in every field.
func full(t *testing.T) Env {
	t.Helper()
	var e Env
	fields := reflect.ValueOf(&e).Elem()
	for i := range fields.NumField() {
		switch f := fields.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("nats://u:p@127.0.0.1:4222/" + strings.ToLower(fields.Type().Field(i).Name) + "?a=b")
		case reflect.Int:
			f.SetInt(int64(1000 + i))
		default:
			t.Fatalf("field %s has a type that .dev/env cannot hold", fields.Type().Field(i).Name)
		}
	}
	return e
}

// Ensure what is written is read again, whole; a field that is not in the table would be lost.
func TestEnvRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "env")
	want := full(t)
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadEnv(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("read %#v, want what was written", reflect.ValueOf(got))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want it readable to its owner only", info.Mode())
	}
}

// Ensure the names are those that users' scripts rely on, and no others: the contract's, the console's address, the
// files without which authapi's commands do not run, and the worker's rules, without which a
// worker that somebody starts from the file would judge by others than the stack's.
func TestEnvNames(t *testing.T) {
	t.Parallel()
	var got []string
	for _, line := range full(t).Pairs() {
		name, _, _ := strings.Cut(line, "=")
		got = append(got, name)
	}
	want := strings.Fields(`KEYCLOAK_URL KEYCLOAK_REALM KEYCLOAK_ADMIN KEYCLOAK_ADMIN_PASSWORD KEYCLOAK_CLIENT_ID
		KEYCLOAK_CLIENT_SECRET NATS_URL DATABASE_URL AUTHAPI_URL AUTHAPI_EXTAUTHZ_ADDR AUTHAPI_ADMIN_URL WORKER_ADMIN_URL AUTHAPI_SERVICE_KEY CONSOLE_URL
		KEYCLOAK_PID NATS_PID POSTGRES_PID WORKER_PID AUTHAPI_PID KEYCLOAK2_URL KEYCLOAK2_PID WORKER_KEYCLOAK_CLIENT_ID WORKER_KEYCLOAK_CLIENT_SECRET
		AUTHAPI_KEYSET_FILE AUTHAPI_PEPPER_FILE AUTHAPI_MASTER_FILE AUTHAPI_SNAPSHOT_FILE
		WORKER_SETTLING_MARGIN WORKER_SKEW WORKER_CACHE_LAG WORKER_LOOK_RATE WORKER_LOOK_INTERVAL
		WORKER_BACKFILL_INTERVAL WORKER_BACKFILL_OVERLAP WORKER_BACKFILL_GRACE WORKER_NOTICE_SETTLE`)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v,\nwant %v", got, want)
	}
}

// Ensure a value that a shell would not take literally is refused, and not repeated.
func TestEnvUnsafe(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"a b", "a;b", "a&b", "$HOME", "`x`", "a\nb", "'", `"`, "(", "*", "#"} {
		err := Env{DatabaseURL: "canary" + value}.Write(filepath.Join(t.TempDir(), "env"))
		if err == nil {
			t.Errorf("%q was written", value)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
}

// Ensure that printing an environment shows no secret.
func TestEnvHidden(t *testing.T) {
	t.Parallel()
	e := Env{KeycloakAdminPassword: "canary"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, e); strings.Contains(text, "canary") {
			t.Errorf("%s shows %s", verb, text)
		}
	}
}
