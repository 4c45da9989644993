package settings_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

type values struct {
	text, word, url string
	number          int
	pause           time.Duration
	password        secret.Text
}

func load(t *testing.T, args ...string) (v values, err error) {
	t.Helper()
	table := settings.New("WORKER_")
	table.Text(&v.text, "WORKER_TEXT", "default", "a text")
	table.Choice(&v.word, "WORKER_WORD", []string{"one", "two"}, "a word")
	table.URL(&v.url, "KEYCLOAK_URL", false, "a place")
	table.Int(&v.number, "WORKER_NUMBER", 3, 1, 9, "a number")
	table.Duration(&v.pause, "WORKER_PAUSE", time.Second, 0, time.Minute, "a pause")
	table.Secret(&v.password, "WORKER_PASSWORD", "a password")
	cmd := &cli.Command{Flags: table.Flags(), Action: func(_ context.Context, cmd *cli.Command) error { return table.Load(cmd) }}
	return v, cmd.Run(t.Context(), append([]string{"worker"}, args...))
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	t.Setenv("KEYCLOAK_URL", "https://id.example/")
	t.Setenv("WORKER_CONFIG", file(t, "worker_text: file\nworker_number: 5\nworker_word: two\n"))
	t.Setenv("WORKER_TEXT", "environment")
	t.Setenv("WORKER_NUMBER", "6")
	t.Setenv("WORKER_PASSWORD_FILE", file(t, "hidden\n"))
	t.Setenv("WORKER_ADMIN_URL", "http://x") // .dev/env is for everybody
	v, err := load(t, "--text", "flag")
	if err != nil || v.text != "flag" || v.number != 6 || v.word != "two" || v.pause != time.Second ||
		v.url != "https://id.example" || v.password.Reveal() != "hidden" {
		t.Fatalf("%+v %v", v, err)
	}
}

func TestAllFaultsAtOnceAndNoValue(t *testing.T) {
	const canary = "canary-value"
	for _, name := range []string{"WORKER_NUMBER", "WORKER_PAUSE", "WORKER_WORD", "WORKER_TYPO", "KEYCLOAK_URL"} {
		t.Setenv(name, canary)
	}
	t.Setenv("WORKER_PASSWORD_FILE", "/does/not/exist")
	_, err := load(t)
	if !errors.Is(err, settings.ErrConfiguration) {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"WORKER_NUMBER", "WORKER_PAUSE", "WORKER_WORD", "WORKER_TYPO", "KEYCLOAK_URL", "WORKER_PASSWORD"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("a value is shown: %v", err)
	}
}

// Ensure a flag or an argument whose shell variable was not set is told from one that was left out.
func TestNothingIsGivenEmpty(t *testing.T) {
	t.Setenv("KEYCLOAK_URL", "https://id.example")
	t.Setenv("WORKER_CONFIG", "") // as a unit file may have it: no file
	for want, args := range map[string][]string{
		"--text": {"--text", ""}, "--pause": {"--pause= "}, "--config": {"--config", ""}, "argument 2": {"ann", ""},
	} {
		if _, err := load(t, args...); !errors.Is(err, settings.ErrConfiguration) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if _, err := load(t, "ann"); err != nil {
		t.Error(err)
	}
}
