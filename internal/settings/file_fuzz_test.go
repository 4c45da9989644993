package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzFile: whatever a configuration file holds, the values are within their bounds or the program says
// why not, and never repeats the password.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"", "worker_text: a\nkeycloak_url: https://id.example\n", "worker_number: 99\n", "worker_number: [1]\n", "- a\n", "a: &x [*x]\n", "\t",
		"worker_password: hunter2hunter2\nworker_number: x\n", "keycloak_url: ftp://x\n", "worker_pause: 1h\n", "WORKER_TEXT: a\nworker_text: b\n",
	} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "f")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := load(t, "--config", path)
		if err == nil && (v.number < 1 || v.number > 9 || v.url == "" || v.pause < 0 || v.word != "one" && v.word != "two") {
			t.Fatalf("taken: %+v", v)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2hunter2") {
			t.Fatalf("the password is told: %v", err)
		}
	})
}
