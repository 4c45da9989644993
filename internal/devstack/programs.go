package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// program is one of our own two. A checkout in which one does not exist yet runs without it.
type program struct {
	name    string // under cmd/
	part    string
	command string
	pid     *int
	admin   string // URL of /readyz
	env     []string
}

func (s *Stack) has(program string) bool {
	_, err := os.Stat(filepath.Join(s.opts.Root, "cmd", program))
	return err == nil
}

func (s *Stack) binary(program string) string {
	return filepath.Join(s.opts.Root, ".dev", "bin", program)
}

// buildPrograms runs beside the start of Keycloak, so it must not touch Env.
func (s *Stack) buildPrograms(ctx context.Context) error {
	for _, name := range []string{"revocation-worker", "authapi"} {
		if !s.has(name) {
			s.say("cmd/%s is not there: going on without", name)
			continue
		}
		if err := s.build(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// prepare has the programs make their secrets, the schema and a service credential.
func (s *Stack) prepare(ctx context.Context) error {
	if err := s.makeSecrets(ctx); err != nil {
		return fmt.Errorf("authapi secrets generate: %w", err)
	}
	if !s.has("revocation-worker") {
		return nil
	}
	if err := s.timed(ctx, "schema",
		func(ctx context.Context) error { return s.once(ctx, "revocation-worker", "migrate", "up") }); err != nil {
		return err
	}
	return s.makeServiceKey(ctx)
}

// makeServiceKey has authapi make a credential with all scopes: it prints it, once.
func (s *Stack) makeServiceKey(ctx context.Context) error {
	if !s.has("authapi") {
		return nil
	}
	// of a new realm nothing may have been heard yet
	out, err := s.output(ctx, "authapi", "service-keys", "add", "--name", "devstack", "--realm", s.Env.KeycloakRealm, "--scope", "all",
		"--force")
	s.Env.AuthapiServiceKey = strings.TrimSpace(out)
	return err
}

// build takes its turn: a stack that starts beside this one would run what is half written.
func (s *Stack) build(ctx context.Context, name string) error {
	turn, err := waitLock(ctx, filepath.Join(s.opts.Root, ".dev", name+".lock"))
	if err != nil {
		return err
	}
	defer func() { _ = turn.Close() }()
	//nolint:gosec // our own program
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", s.binary(name), "./cmd/"+name)
	cmd.Dir, cmd.Env = s.opts.Root, cleanEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/%s: %w\n%s", name, err, out)
	}
	return nil
}

// once runs a command of a program to its end.
func (s *Stack) once(ctx context.Context, name string, args ...string) error {
	_, err := s.output(ctx, name, args...)
	return err
}

// output is once, and gives what the command prints.
func (s *Stack) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.binary(name), args...) //nolint:gosec // our own program
	cmd.Dir, cmd.Env = s.opts.Root, append(cleanEnv(), s.Env.Pairs()...)
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, says.String())
	}
	return string(out), nil
}

// makeSecrets has authapi generate its secrets into files of this run: with the database they
// come, and with it they go.
func (s *Stack) makeSecrets(ctx context.Context) error {
	if !s.has("authapi") {
		return nil
	}
	dir, err := s.tempDir("secrets", nil)
	if err != nil {
		return err
	}
	s.Env.KeysetFile, s.Env.PepperFile = filepath.Join(dir, "keyset"), filepath.Join(dir, "pepper")
	s.Env.MasterFile, s.Env.SnapshotFile = filepath.Join(dir, "master"), filepath.Join(dir, "snapshot")
	return s.once(ctx, "authapi", "secrets", "generate")
}

// startPrograms starts the worker, then authapi, which is ready only when a worker has
// confirmed the floor.
func (s *Stack) startPrograms(ctx context.Context) error {
	err := s.prepare(ctx)
	if err != nil {
		return err
	}
	var worker, workerURL, api, apiURL, apiAdmin, apiAdminURL string
	for _, a := range []struct{ addr, url *string }{{&worker, &workerURL}, {&api, &apiURL}, {&apiAdmin, &apiAdminURL}} {
		if *a.addr, *a.url, err = freeAddr(); err != nil {
			return err
		}
	}
	if s.workerDatabase, err = s.login(ctx, "tokenstate_worker"); err != nil {
		return err
	}
	database, err := s.login(ctx, "tokenstate_authapi")
	if err != nil {
		return err
	}
	if s.has("revocation-worker") {
		s.Env.WorkerAdminURL = workerURL
		if err := s.startProgram(ctx, program{
			name: "revocation-worker", part: "worker", command: "run", pid: &s.Env.WorkerPID, admin: workerURL,
			env: []string{"WORKER_ADMIN_ADDR=" + worker, "NATS_URL=" + s.natsWorker, "DATABASE_URL=" + s.workerDatabase},
		}); err != nil {
			return err
		}
	}
	if !s.has("authapi") {
		return nil
	}
	s.Env.AuthapiURL, s.Env.AuthapiAdminURL = apiURL, apiAdminURL
	kept := filepath.Join(filepath.Dir(s.Env.SnapshotFile), "kept")
	if s.Env.AuthapiExtauthzAddr, err = FreeAddr(); err != nil {
		return err
	}
	if err := s.startProgram(ctx, program{
		name: "authapi", part: "authapi", command: "serve", pid: &s.Env.AuthapiPID, admin: apiAdminURL,
		env: []string{
			"AUTHAPI_ADDR=" + api, "AUTHAPI_ADMIN_ADDR=" + apiAdmin, "NATS_URL=", "DATABASE_URL=" + database,
			"AUTHAPI_SNAPSHOT_PATH=" + kept, "AUTHAPI_SNAPSHOT_INTERVAL=1s",
		},
	}); err != nil {
		return err
	}
	return s.startConsole(ctx)
}

func (s *Stack) startProgram(ctx context.Context, p program) error {
	// What only an administrator or operator may hold is blanked: the programs run with the
	// rights that they would have elsewhere.
	env := append(append(cleanEnv(), s.Env.Pairs()...), "KEYCLOAK_ADMIN=", "KEYCLOAK_ADMIN_PASSWORD=")
	env = append(env, p.env...)
	if s.opts.Traces != "" {
		env = append(env, "OTEL_EXPORTER_OTLP_ENDPOINT="+s.opts.Traces, "OTEL_BSP_SCHEDULE_DELAY=200")
	}
	return s.timed(ctx, p.part, func(ctx context.Context) error {
		return s.add(ctx, &part{
			name: p.part, sig: syscall.SIGTERM, pid: p.pid,
			make: func() *exec.Cmd {
				cmd := exec.Command(s.binary(p.name), p.command) //nolint:gosec,noctx // our own program; Stop ends it
				cmd.Dir, cmd.Env = s.opts.Root, env
				return cmd
			},
			check: func(ctx context.Context) error { return answers(ctx, p.admin+"/readyz") },
		})
	})
}

// FreeAddr is an address on loopback where nobody listens.
func FreeAddr() (string, error) {
	addr, _, err := freeAddr()
	return addr, err
}

func freeAddr() (addr, url string, err error) {
	port, err := freePort()
	addr = "127.0.0.1:" + strconv.Itoa(port)
	return addr, "http://" + addr, err
}
