package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/logstream"
)

// broken is one way in which an installation is wrong, what doctor calls it, and what repairs it; nil: setup.
type broken struct {
	check        string
	harm, repair func()
}

// breakages are what goes wrong at the same time, in turns: what would hide another thing is in a turn of its own.
func (s *system) breakages() [][]broken {
	stream := func(*jetstream.StreamConfig) {} // as it should be
	return [][]broken{{
		{"realm demo, user events", s.events("eventsEnabled", false), nil},
		{"realm demo, admin events", s.events("adminEventsEnabled", false), nil},
		{"realm demo, the worker's roles", s.roles(http.MethodDelete, "view-users"), nil},
		{"log, age", s.stream(func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }), s.stream(stream)},
		{"listener of kc0", s.sql("INSERT INTO tokenstate.node_heartbeat SELECT 'kc0', t - 60000, t - 60000, '{\"dropped\":0,\"queued\":0}' FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS t) AS now"), s.sql("DELETE FROM tokenstate.node_heartbeat WHERE node = 'kc0'")},
		{"epoch", s.sql("UPDATE tokenstate.epoch SET confirmed = false"), s.sql("UPDATE tokenstate.epoch SET confirmed = true")},
	}, {
		{"realm demo, types of user events", s.events("enabledEventTypes", []string{"LOGIN", "LOGOUT"}), nil},
		{"realm demo, details of admin events", s.events("adminEventsDetailsEnabled", false), nil},
		{"realm demo, expiry of user events", s.events("eventsExpiration", 3600), nil},
		{"realm demo, expiry of admin events", s.realm(map[string]any{"attributes": map[string]string{"adminEventsExpiration": "3600"}}), nil},
		{"realm demo, the worker's roles", s.roles(http.MethodPost, "manage-users"), s.roles(http.MethodDelete, "manage-users")},
		{"keycloak's read-only resource", s.withoutReader, nil},
		{"parked messages", s.sql("INSERT INTO tokenstate.parked VALUES (now(), 1, 1, 's', 'r', 'x')"), s.sql("DELETE FROM tokenstate.parked")},
	}, {
		{"log, direct reading", s.stream(func(c *jetstream.StreamConfig) {
			c.AllowDirect, c.MaxMsgSize, c.MaxMsgsPerSubject = false, 1000, 1_000_000
		}), nil},
		{"log, size of messages", func() {}, nil},
		{"log, no bound that drops messages", func() {}, nil},
	}}
}

// doctorFinds breaks the installation in many ways, each of which doctor must find; setup then
// repairs what is its to repair, and a second run changes nothing.
func doctorFinds(s *system, t *testing.T) {
	s.login()
	s.wait("a look at everybody who logged in", func() (bool, string) {
		f, left := s.findings()["realm demo, owners"]
		return !left, f.Found
	})
	if bad := s.findings(); len(bad) != 1 || !strings.Contains(bad["database role, least rights"].Found, "ciphertexts") {
		t.Fatalf("before anything is broken: %v", bad) // .dev/env connects as the owner
	}
	for _, turn := range s.breakages() {
		for _, b := range turn {
			b.harm()
		}
		found := s.findings()
		for _, b := range turn {
			if f := found[b.check]; f.Level == "" || f.Breaks == "" || f.Repair == "" {
				t.Errorf("%s: not found, or it says not what it breaks and what repairs it: %+v", b.check, found)
			}
			if b.repair != nil {
				b.repair()
			}
		}
		s.worker("setup")
		if left := s.findings(); len(left) != 1 {
			t.Errorf("after the repair there is %v", left)
		}
	}
	var steps []struct{ What, Changed string }
	must(t, json.Unmarshal([]byte(s.worker("setup", "-o", "json")), &steps))
	for _, step := range steps {
		if step.Changed != "" {
			t.Errorf("a second setup changed %s: %s", step.What, step.Changed)
		}
	}
}

// findings are those that are not in order. A minute-old token would not know of a new role, so
// the command is a new process each time.
func (s *system) findings() map[string]doctor.Finding {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(s.root, ".dev", "bin", "revocation-worker"), "doctor", "-o", "json")
	cmd.Env = s.stack.Env.Pairs()
	out, err := cmd.Output()
	var all []doctor.Finding
	if jsonErr := json.Unmarshal(out, &all); jsonErr != nil {
		s.t.Fatalf("doctor: %v, %v\n%s", err, jsonErr, out)
	}
	bad := map[string]doctor.Finding{}
	for _, f := range all {
		if f.Level != doctor.OK {
			bad[f.Check] = f
		}
	}
	if faults := doctor.Worst(all) == doctor.Fault; faults != (err != nil) {
		s.t.Errorf("doctor ends with %v, and the worst finding is %s", err, doctor.Worst(all))
	}
	return bad
}

// events changes one setting of what the realm's event store keeps. Keycloak takes what a change leaves out for false.
func (s *system) events(name string, value any) func() {
	return func() {
		s.t.Helper()
		config := map[string]any{}
		_, err := s.keycloak.Call(s.t.Context(), http.MethodGet, "/events/config", nil, &config)
		must(s.t, err)
		config[name] = value
		_, err = s.keycloak.Call(s.t.Context(), http.MethodPut, "/events/config", config, nil)
		must(s.t, err)
	}
}

func (s *system) realm(change map[string]any) func() {
	return func() {
		s.t.Helper()
		_, err := s.keycloak.Call(s.t.Context(), http.MethodPut, "", change, nil)
		must(s.t, err)
	}
}

// roles gives one to the worker's service account, or takes one.
func (s *system) roles(method, name string) func() {
	return func() {
		s.t.Helper()
		a, err := s.keycloak.Admin.Session(s.t.Context())
		must(s.t, err)
		get := func(path string, out any) {
			_, err := a.Call(s.t.Context(), http.MethodGet, path, nil, out)
			must(s.t, err)
		}
		var clients []struct{ ID string }
		var account struct{ ID string }
		get("/master/clients?clientId="+s.stack.Env.WorkerClientID, &clients)
		get("/master/clients/"+clients[0].ID+"/service-account-user", &account)
		get("/master/clients?clientId="+s.keycloak.Realm+"-realm", &clients)
		var role map[string]any
		get("/master/clients/"+clients[0].ID+"/roles/"+name, &role)
		_, err = a.Call(s.t.Context(), method, "/master/users/"+account.ID+"/role-mappings/clients/"+clients[0].ID, []any{role}, nil)
		must(s.t, err)
	}
}

// withoutReader takes the role for the jar's resource from the worker.
func (s *system) withoutReader() {
	s.t.Helper()
	a, err := s.keycloak.Admin.Session(s.t.Context())
	must(s.t, err)
	get := func(path string, out any) {
		_, err := a.Call(s.t.Context(), http.MethodGet, path, nil, out)
		must(s.t, err)
	}
	var clients []struct{ ID string }
	var account struct{ ID string }
	var role map[string]any
	get("/master/clients?clientId="+s.stack.Env.WorkerClientID, &clients)
	get("/master/clients/"+clients[0].ID+"/service-account-user", &account)
	get("/master/roles/tokenstate-reader", &role)
	_, err = a.Call(s.t.Context(), http.MethodDelete, "/master/users/"+account.ID+"/role-mappings/realm", []any{role}, nil)
	must(s.t, err)
}

func (s *system) stream(change func(*jetstream.StreamConfig)) func() {
	return func() {
		s.t.Helper()
		s.operator(func(ctx context.Context, js jetstream.JetStream) error {
			c := logstream.Config()
			change(&c)
			_, err := js.UpdateStream(ctx, c)
			return err
		})
	}
}

func (s *system) sql(statement string) func() {
	return func() {
		s.t.Helper()
		conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
		must(s.t, err)
		defer func() { _ = conn.Close(s.t.Context()) }()
		if _, err = conn.Exec(s.t.Context(), statement); err != nil {
			s.t.Fatal(fmt.Errorf("%s: %w", statement, err))
		}
	}
}
