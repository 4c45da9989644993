//go:build edge

package edge

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/docrun"
	"github.com/tokenstate/tokenstate/internal/play"
)

// TestMain is also the NATS server: devstack starts it as another process of this program.
func TestMain(m *testing.M) {
	devstack.AsNATS()
	os.Exit(m.Run())
}

// system is the whole stack, a user and a key of theirs.
type system struct {
	root      string
	stack     *devstack.Stack
	backend   *play.Backend
	user, key string
}

// One stack for all: starting Keycloak takes longest.
func TestEdge(t *testing.T) {
	root, err := filepath.Abs("../..")
	must(t, err)
	t.Setenv("DATABASE_URL", "") // a stack of its own, that schemathesis may fill with anything
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	stack, err := devstack.Start(ctx, devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "edge")})
	must(t, err)
	t.Cleanup(func() { must(t, stack.Stop()) })
	s := &system{root: root, stack: stack, backend: play.BackendOf(stack.Env)}
	s.user, err = play.KeycloakOf(stack.Env).NewUser(t.Context(), "edge")
	must(t, err)
	minted, err := s.backend.Mint(t.Context(), s.user, "o", "edge")
	must(t, err)
	if s.key = minted.Text("key"); s.key == "" {
		t.Fatalf("no key: %d %v", minted.Status, minted.Body)
	}
	t.Run("slow and half-open clients", s.slowClients)
	t.Run("Envoy's protocol", s.extauthz)
	t.Run("gateways", s.gateways)
	t.Run("walkthroughs", s.walkthroughs)
	t.Run("examples/openhands", s.openhands)
	t.Run("what the documents say", s.documents)
	t.Run("schemathesis", s.schemathesis) // last: it may fill the server with anything
}

// documents runs the commands of the documents and holds the answers to what stands there.
func (s *system) documents(t *testing.T) {
	must(t, docrun.Play(t.Context(), s.stack.Env, docrun.Options{
		Root: s.root, Files: []string{"docs/api.md", "README.md", "docs/adopting.md"}, Examples: "internal/authapi/apidoc/examples.json",
	}))
}

// walkthroughs plays docs/walkthroughs, each as if it were the only one.
func (s *system) walkthroughs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(s.root, "docs", "walkthroughs", "*.md"))
	must(t, err)
	if len(files) < 4 {
		t.Fatalf("only %v", files)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			must(t, docrun.Play(t.Context(), s.stack.Env, docrun.Options{Root: s.root, Files: []string{filepath.Join("docs", "walkthroughs", filepath.Base(file))}}))
		})
	}
}

// openhands plays the first adopter's Python against this stack.
func (s *system) openhands(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.root, "examples", "openhands", "run-tests"))
	cmd.Env = append(os.Environ(), s.stack.Env.Pairs()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("examples/openhands: %v", err)
	}
	t.Logf("%s", out)
}

// schemathesis checks the real server against its own /openapi.json.
func (s *system) schemathesis(t *testing.T) {
	st := os.Getenv("SCHEMATHESIS")
	if st == "" {
		t.Fatal("SCHEMATHESIS is not set: run `make test-edge`")
	}
	cmd := exec.CommandContext(t.Context(), st, "--config-file", filepath.Join(s.root, "tools", "schemathesis", "schemathesis.toml"),
		"run", s.stack.Env.AuthapiURL+"/openapi.json", "-H", "X-Service-API-Key: "+s.stack.Env.AuthapiServiceKey, "-H", "Authorization: Bearer "+s.key,
		"--workers", "1", "--max-examples", "30", "--seed", "1", "--continue-on-failure", "--no-color")
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("schemathesis: %v\n%s", err, out.String())
		return
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	t.Logf("%s", bytes.Join(lines[max(0, len(lines)-8):], []byte("\n")))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
