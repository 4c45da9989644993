package devstack

import (
	"fmt"
	"strconv"
)

// Env is how to reach a running stack. It is what .dev/env holds, and the environment of
// whatever runs beside the stack; the names are those of the contract.
type Env struct {
	KeycloakURL, KeycloakRealm           string
	KeycloakAdmin, KeycloakAdminPassword string // administrator of the master realm
	KeycloakClientID                     string // the application's confidential client
	KeycloakClientSecret                 string
	WorkerClientID, WorkerClientSecret   string // the worker's client in the master realm

	NATSURL     string // with the operator's user and password
	DatabaseURL string // may migrate, read and write

	AuthapiURL, AuthapiAdminURL, WorkerAdminURL string
	AuthapiExtauthzAddr                         string // of its gRPC
	AuthapiServiceKey                           string // a service credential with all scopes
	ConsoleURL                                  string // pages for people, where they were started
	KeysetFile, PepperFile                      string // authapi's secrets
	MasterFile, SnapshotFile                    string

	Keycloak2URL string // the second node, where there is one
	Keycloak2PID int

	KeycloakPID, NATSPID, PostgresPID, WorkerPID, AuthapiPID int // 0: not ours, or not started
}

// entry joins a name of the contract and its value: a *string or an *int.
type entry struct {
	name  string
	value any
}

func table(e *Env) []entry {
	return []entry{
		{"KEYCLOAK_URL", &e.KeycloakURL},
		{"KEYCLOAK_REALM", &e.KeycloakRealm},
		{"KEYCLOAK_ADMIN", &e.KeycloakAdmin},
		{"KEYCLOAK_ADMIN_PASSWORD", &e.KeycloakAdminPassword},
		{"KEYCLOAK_CLIENT_ID", &e.KeycloakClientID},
		{"KEYCLOAK_CLIENT_SECRET", &e.KeycloakClientSecret},
		{"WORKER_KEYCLOAK_CLIENT_ID", &e.WorkerClientID},
		{"WORKER_KEYCLOAK_CLIENT_SECRET", &e.WorkerClientSecret},
		{"NATS_URL", &e.NATSURL},
		{"DATABASE_URL", &e.DatabaseURL},
		{"AUTHAPI_URL", &e.AuthapiURL},
		{"AUTHAPI_EXTAUTHZ_ADDR", &e.AuthapiExtauthzAddr},
		{"AUTHAPI_ADMIN_URL", &e.AuthapiAdminURL},
		{"WORKER_ADMIN_URL", &e.WorkerAdminURL},
		{"AUTHAPI_SERVICE_KEY", &e.AuthapiServiceKey},
		{"CONSOLE_URL", &e.ConsoleURL},
		{"AUTHAPI_KEYSET_FILE", &e.KeysetFile},
		{"AUTHAPI_PEPPER_FILE", &e.PepperFile},
		{"AUTHAPI_MASTER_FILE", &e.MasterFile},
		{"AUTHAPI_SNAPSHOT_FILE", &e.SnapshotFile},
		{"KEYCLOAK2_URL", &e.Keycloak2URL},
		{"KEYCLOAK2_PID", &e.Keycloak2PID},
		{"KEYCLOAK_PID", &e.KeycloakPID},
		{"NATS_PID", &e.NATSPID},
		{"POSTGRES_PID", &e.PostgresPID},
		{"WORKER_PID", &e.WorkerPID},
		{"AUTHAPI_PID", &e.AuthapiPID},
	}
}

// Pairs are the lines KEY=VALUE of what is known, with the worker's settings once a worker can
// be meant.
func (e Env) Pairs() []string {
	var out []string
	for _, en := range table(&e) {
		if text := en.text(); text != "" {
			out = append(out, en.name+"="+text)
		}
	}
	if e.WorkerAdminURL != "" {
		out = append(out, tuning(e.Keycloak2URL != "")...)
	}
	return out
}

func (en entry) text() string {
	switch v := en.value.(type) {
	case *string:
		return *v
	case *int:
		if *v != 0 {
			return strconv.Itoa(*v)
		}
	}
	return ""
}

func (en entry) set(text string) error {
	switch v := en.value.(type) {
	case *string:
		*v = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			return fmt.Errorf("%s is not a process id", en.name)
		}
		*v = n
	}
	return nil
}

// String hides the values, for some are secrets.
func (Env) String() string { return "[devstack's environment]" }

// GoString hides them from %#v, too.
func (Env) GoString() string { return "[devstack's environment]" }
