package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Ensure the compose file, which no container engine has run here, names only files, images'
// targets, services and settings that exist.
func TestComposeFile(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	text := read("docker-compose.yml")
	var file struct {
		Services map[string]struct {
			Build struct {
				Dockerfile, Target string
			}
			Command     []string
			Environment map[string]string
			Volumes     []string
			DependsOn   any `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "nats", "keycloak", "prepare", "migrate", "worker", "secrets", "authapi"} {
		if _, ok := file.Services[name]; !ok {
			t.Errorf("no service %s", name)
		}
	}
	example := read("deploy/compose/env.example")
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(example, "\n"+m[1]+"=\n") {
			t.Errorf("env.example lacks %s", m[1])
		}
	}
	known := ""
	for _, dir := range []string{"cmd/revocation-worker/config.go", "cmd/authapi/config.go", "internal/devstack/env.go"} {
		known += read(dir)
	}
	for name, s := range file.Services {
		if s.Build.Dockerfile != "" {
			if dockerfile := read(s.Build.Dockerfile); s.Build.Target != "" && !strings.Contains(dockerfile, " AS "+s.Build.Target+"\n") {
				t.Errorf("%s: no target %s", name, s.Build.Target)
			}
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if rest, ok := strings.CutPrefix(source, "./"); ok {
				read(rest)
			} else if _, ok := file.Volumes[source]; !ok {
				t.Errorf("%s: no volume %s", name, source)
			}
		}
		for setting := range s.Environment {
			if ours := name == "worker" || name == "authapi" || name == "migrate" || name == "prepare"; ours && !strings.Contains(known, `"`+setting+`"`) {
				t.Errorf("%s: no program knows %s", name, setting)
			}
		}
	}
}
