package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

func content(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// compose loads the file as the engine would, with a value for each name of env.example.
func compose(t *testing.T) *types.Project {
	t.Helper()
	env := types.Mapping{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(content(t, "deploy/compose/env.example"), -1) {
		env[m[1]] = "value-of-" + m[1]
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "..", ConfigFiles: []types.ConfigFile{{Filename: "../docker-compose.yml"}}, Environment: env,
	}, loader.WithProfiles([]string{"once", "metrics"}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Ensure the compose file, which no container engine has run here, loads with what env.example
// asks for, and names only files, targets and settings that exist; that every server says when
// it is healthy; and that no program has more rights than its own.
func TestComposeFile(t *testing.T) {
	p := compose(t)
	known := ""
	for _, file := range []string{"internal/workerconfig/config.go", "cmd/authapi/config.go", "cmd/authapi/consoleconfig.go", "cmd/authapi/backchannel.go", "internal/devstack/env.go"} {
		known += content(t, file)
	}
	for _, name := range []string{"postgres", "nats", "keycloak", "prepare", "migrate", "worker", "secrets", "authapi", "console", "prometheus"} {
		s, err := p.GetService(name)
		if err != nil {
			t.Errorf("no service %s", name)
			continue
		}
		checkService(t, p, s)
		ours := name == "worker" || name == "authapi" || name == "console" || name == "migrate" || name == "prepare" || name == "secrets"
		for setting := range s.Environment {
			if ours && !strings.Contains(known, `"`+setting+`"`) {
				t.Errorf("%s: no program knows %s", name, setting)
			}
		}
		if runs := name != "prepare" && name != "migrate" && name != "secrets"; runs && s.HealthCheck == nil {
			t.Errorf("%s says not when it is healthy", name)
		}
	}
	for name, user := range map[string]string{"worker": "//worker:", "authapi": "//authapi:", "console": "//console:"} {
		s, _ := p.GetService(name)
		if url := s.Environment["DATABASE_URL"]; url == nil || !strings.Contains(*url, user) {
			t.Errorf("%s does not connect to Postgres as itself", name)
		}
	}
	for _, name := range []string{"authapi", "console"} {
		if s, _ := p.GetService(name); s.Environment["NATS_URL"] != nil {
			t.Errorf("%s has nothing to do with NATS", name)
		}
	}
}

// Ensure Prometheus can scrape what compose starts: it asks for services that there are, and no program gives its metrics
// to its own container alone.
func TestComposeIsScraped(t *testing.T) {
	p := compose(t)
	scraped := map[string]string{}
	for _, m := range regexp.MustCompile(`"([a-z]+):([0-9]+)"`).FindAllStringSubmatch(content(t, "deploy/compose/prometheus.yml"), -1) {
		if _, err := p.GetService(m[1]); err != nil {
			t.Errorf("prometheus.yml asks for %s, which is no service", m[1])
		}
		scraped[m[1]] = m[2]
	}
	for name, setting := range map[string]string{"worker": "WORKER_ADMIN_ADDR", "authapi": "AUTHAPI_ADMIN_ADDR"} {
		s, _ := p.GetService(name)
		at := ""
		if v := s.Environment[setting]; v != nil {
			at = *v
		}
		if at != "0.0.0.0:"+scraped[name] {
			t.Errorf("%s: Prometheus asks port %q, and %s is %q", name, scraped[name], setting, at)
		}
	}
}

func checkService(t *testing.T, p *types.Project, s types.ServiceConfig) {
	t.Helper()
	if b := s.Build; b != nil {
		if file := content(t, b.Dockerfile); b.Target != "" && !strings.Contains(file, " AS "+b.Target+"\n") {
			t.Errorf("%s: no target %s", s.Name, b.Target)
		}
	} else if !regexp.MustCompile(`:v?[0-9]+\.[0-9]`).MatchString(s.Image) {
		t.Errorf("%s: %s is not pinned to a version", s.Name, s.Image)
	}
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind {
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		} else if _, ok := p.Volumes[v.Source]; !ok {
			t.Errorf("%s: no volume %s", s.Name, v.Source)
		}
	}
}

// databaseSetting is where DATABASE_URL is, which all programs know.
const databaseSetting = "internal/settings/database.go"

// Ensure the units start commands that exist, with settings that the programs know.
func TestSystemdUnits(t *testing.T) {
	for unit, program := range map[string]string{"revocation-worker": "internal/workerconfig/config.go", "authapi": "cmd/authapi/config.go", "console": "cmd/authapi/consoleconfig.go", "canary": "cmd/revocation-worker/canary.go"} {
		text, config := content(t, "deploy/systemd/"+unit+".service"), content(t, program)+content(t, databaseSetting)
		for _, m := range regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=%d/([a-z]+)$`).FindAllStringSubmatch(text, -1) {
			name := strings.TrimSuffix(m[1], "_FILE")
			if !strings.Contains(config, `"`+name+`"`) && !strings.Contains(config, `"`+m[1]+`"`) {
				t.Errorf("%s: no program knows %s", unit, m[1])
			}
			if !strings.Contains(text, "LoadCredential="+m[2]+":") {
				t.Errorf("%s: no credential %s", unit, m[2])
			}
		}
		for _, line := range []string{"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitCORE=0"} {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s lacks %s", unit, line)
			}
		}
	}
}
