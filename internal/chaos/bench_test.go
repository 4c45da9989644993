//go:build chaos

package chaos

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// The programs, each twice.
var (
	workers  = []string{"worker1", "worker2"}
	replicas = []string{"authapi1", "authapi2"}
)

// bench is the system under test.
type bench struct {
	t        *testing.T
	ctx      context.Context
	stack    *devstack.Stack
	root     string
	postgres *devstack.Postgres
	primary  *devstack.Cluster
	links    map[string]*link
	keycloak *standIn
	backends []*play.Backend // of each replica
	admin    map[string]string
	programs map[string]string // the built binary of each
	database map[string]string // by role: a URL without the link's address

	natsAddr     string
	natsPassword map[string]string
	files        []string // AUTHAPI_*_FILE
	serviceKey   string
	disks        map[string]string // "postgres", "nats": a small disk of its own
	clock        string            // what Postgres's clock is ahead, in a file; "": it has the machine's
}

// startBench starts all parts. An overlay builds the worker otherwise than it is.
func startBench(t *testing.T, w *world, overlay string) *bench {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	b := &bench{
		t: t, ctx: t.Context(), root: root, links: map[string]*link{}, admin: map[string]string{}, programs: map[string]string{},
		database: map[string]string{}, natsPassword: map[string]string{}, disks: map[string]string{},
	}
	b.stack, err = devstack.Bare(b.ctx, devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "chaos")})
	must(t, err)
	t.Cleanup(b.stop)
	b.build(overlay)
	b.keycloak = newStandIn(t, w)
	b.startNATS()
	b.startPostgres()
	b.prepare()
	for _, name := range workers {
		b.startWorker(name)
	}
	for _, name := range replicas {
		b.startReplica(name)
	}
	return b
}

// stop ends all parts. Their small disks must go before the stack removes its folders.
func (b *bench) stop() {
	if len(b.disks) > 0 {
		for _, name := range parts {
			_ = b.stack.Kill(name, syscall.SIGKILL) // one that has never been started is no fault
		}
	}
	for name, dir := range b.disks {
		if err := unmount(dir); err != nil {
			b.t.Errorf("the disk of %s stays mounted at %s: %v", name, dir, err)
		}
	}
	if err := b.stack.Stop(); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) build(overlay string) {
	b.t.Helper()
	dir, err := b.stack.Folder("bin")
	must(b.t, err)
	for _, name := range []string{"revocation-worker", "authapi"} {
		b.programs[name] = filepath.Join(dir, name)
		args := []string{"build", "-trimpath", "-buildvcs=false", "-o", b.programs[name]}
		if overlay != "" && name == "revocation-worker" {
			args = append(args, "-overlay="+overlay)
		}
		cmd := exec.CommandContext(b.ctx, "go", append(args, "./cmd/"+name)...)
		cmd.Dir = b.root
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.t.Fatalf("go build ./cmd/%s: %v\n%s", name, err, out)
		}
	}
}

// disk gives a folder a small file system of its own, which can be filled.
func (b *bench) disk(name, dir string, uid, gid int) {
	b.t.Helper()
	if err := mount(dir, diskSize[name], uid, gid); err != nil {
		b.t.Logf("no small disk for %s, so that it cannot be filled: %v", name, err)
		return
	}
	b.disks[name] = dir
}

var diskSize = map[string]string{"postgres": "700m", "nats": "64m"}

func (b *bench) startNATS() {
	b.t.Helper()
	dir, err := b.stack.Folder("nats")
	must(b.t, err)
	b.disk("nats", dir, 0, 0)
	b.natsAddr, err = devstack.FreeAddr()
	must(b.t, err)
	_, port, _ := strings.Cut(b.natsAddr, ":")
	env := append(devstack.CleanEnv(), "NATS_HOST=127.0.0.1", "NATS_PORT="+port, "NATS_STORE_DIR="+dir)
	for _, user := range []string{"listener", "worker", "operator"} {
		b.natsPassword[user] = "pw-" + user
		env = append(env, "NATS_"+strings.ToUpper(user)+"_PASSWORD=pw-"+user)
	}
	self, err := os.Executable()
	must(b.t, err)
	must(b.t, b.stack.Add(b.ctx, devstack.Part{
		Name: "nats", Stops: syscall.SIGTERM,
		Command: func() *exec.Cmd {
			cmd := exec.Command(self, "nats-server", filepath.Join(b.root, "deploy", "nats.conf"))
			cmd.Env = env
			return cmd
		},
		Ready: func(ctx context.Context) error { return devstack.CreateStream(ctx, b.nats("operator", b.natsAddr)) },
	}))
	b.link("publisher-nats", b.natsAddr)
}

func (b *bench) nats(user, addr string) string {
	return "nats://" + user + ":" + b.natsPassword[user] + "@" + addr
}

// link makes the way from a program to a server.
func (b *bench) link(name, target string) string {
	b.t.Helper()
	b.links[name] = newLink(b.t, name, target)
	return b.links[name].addr()
}

// prepare makes schema, logins, secrets and the backend's credential.
func (b *bench) prepare() {
	b.t.Helper()
	b.output("revocation-worker", []string{"DATABASE_URL=" + b.primary.URL("tokenstate")}, "migrate", "up")
	for _, role := range []string{"tokenstate_worker", "tokenstate_authapi"} {
		text, err := b.primary.Login(b.ctx, role, b.primary.Addr())
		must(b.t, err)
		b.database[role] = text
	}
	dir, err := b.stack.Folder("secrets")
	must(b.t, err)
	for _, name := range []string{"KEYSET", "PEPPER", "MASTER", "SNAPSHOT"} {
		b.files = append(b.files, "AUTHAPI_"+name+"_FILE="+filepath.Join(dir, strings.ToLower(name)))
	}
	b.output("authapi", b.files, "secrets", "generate")
	b.serviceKey = strings.TrimSpace(b.output("authapi", append(slices.Clone(b.files), "DATABASE_URL="+b.primary.URL("tokenstate")),
		"service-keys", "add", "--name", "chaos", "--realm", realm, "--scope", "all", "--force"))
}

func (b *bench) output(program string, env []string, args ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.ctx, b.programs[program], args...)
	cmd.Env = append(devstack.CleanEnv(), env...)
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("%s %v: %v\n%s", program, args, err, says.String())
	}
	return string(out)
}

// databaseBy is DATABASE_URL of a role through a link.
func (b *bench) databaseBy(role, addr string) string {
	u, err := url.Parse(b.database[role])
	must(b.t, err)
	u.Host = addr
	return u.String()
}

func (b *bench) startWorker(name string) {
	b.t.Helper()
	b.add(name, "revocation-worker", "run", "WORKER_ADMIN_ADDR", []string{
		"NATS_URL=" + b.nats("worker", b.link(name+"-nats", b.natsAddr)),
		"DATABASE_URL=" + b.databaseBy("tokenstate_worker", b.link(name+"-postgres", b.primary.Addr())),
		"KEYCLOAK_URL=http://" + b.link(name+"-keycloak", b.keycloak.Listener.Addr().String()),
		"WORKER_KEYCLOAK_CLIENT_ID=worker", "WORKER_KEYCLOAK_CLIENT_SECRET=none", "WORKER_OWNER_SWEEP=0s", "WORKER_BACKFILL_INTERVAL=2s",
		// As devstack's, so that verdicts settle within seconds.
		"WORKER_SETTLING_MARGIN=2s", "WORKER_SKEW=0s", "WORKER_CACHE_LAG=200ms", "WORKER_LOOK_RATE=200", "WORKER_LOOK_INTERVAL=200ms",
	})
}

func (b *bench) startReplica(name string) {
	b.t.Helper()
	addr, err := devstack.FreeAddr()
	must(b.t, err)
	dir, err := b.stack.Folder(name)
	must(b.t, err)
	b.add(name, "authapi", "serve", "AUTHAPI_ADMIN_ADDR", append(slices.Clone(b.files),
		"AUTHAPI_ADDR="+addr,
		"DATABASE_URL="+b.databaseBy("tokenstate_authapi", b.link(name+"-postgres", b.primary.Addr())),
		"KEYCLOAK_URL="+b.keycloak.URL, "KEYCLOAK_REALM="+realm, "KEYCLOAK_CLIENT_ID="+clientID, "KEYCLOAK_CLIENT_SECRET=none",
		"AUTHAPI_SNAPSHOT_PATH="+filepath.Join(dir, "kept"), "AUTHAPI_SNAPSHOT_INTERVAL=1s",
	))
	b.backends = append(b.backends, play.BackendOf(devstack.Env{AuthapiURL: "http://" + addr, AuthapiServiceKey: b.serviceKey}))
}

func (b *bench) add(name, program, command, admin string, env []string) {
	b.t.Helper()
	addr, err := devstack.FreeAddr()
	must(b.t, err)
	b.admin[name] = "http://" + addr
	env = append(append(devstack.CleanEnv(), env...), admin+"="+addr)
	must(b.t, b.stack.Add(b.ctx, devstack.Part{
		Name: name, Stops: syscall.SIGTERM,
		Command: func() *exec.Cmd {
			cmd := exec.Command(b.programs[program], command)
			cmd.Env = env
			return cmd
		},
		Ready: func(ctx context.Context) error { return answers(ctx, b.admin[name]+"/readyz") },
	}))
}

func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(url + " answers " + res.Status)
	}
	return nil
}

// sql connects to the primary itself.
func (b *bench) sql(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, b.primary.URL("tokenstate"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
