package chart

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const limit = 10 * time.Minute

// built is where TestMain lets the programs be built; it removes them, too.
var built string

// programs are built once, for all tests of this run.
var programs = sync.OnceValues(func() (dir string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-C", "../..", "-buildvcs=false", "-o", built, "./cmd/authapi", "./cmd/revocation-worker")
	build.Stderr = os.Stderr
	return built, build.Run()
})

// run gives what a program says, without anything of this environment.
func run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	return runIn(t, "", env, program, args...)
}

func runIn(t *testing.T, folder string, env []string, program string, args ...string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatalf("build the programs: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, program), args...)
	cmd.Dir = folder
	cmd.Env = append([]string{"HOME=/"}, env...)
	out, _ := cmd.CombinedOutput() // how it ends is not asked: what it says is
	return string(out)
}

// of says which program and command a component of the chart is.
var of = map[string][]string{
	"worker": {"revocation-worker", "run"}, "authapi": {"authapi", "serve"}, "console": {"authapi", "console"},
	"canary": {"revocation-worker", "canary"}, "doctor": {"revocation-worker", "doctor"}, "migrate": {"revocation-worker", "migrate", "up"},
}

var helps = map[string]string{}

// settings are those that --help lists: what may be a flag or stand in the file, and what is a secret.
func settings(t *testing.T, component string) (plain, secret []string) {
	t.Helper()
	if helps[component] == "" {
		command := of[component]
		helps[component] = run(t, nil, command[0], append(command[1:], "--help")...)
	}
	help := helps[component]
	for _, m := range regexp.MustCompile(`\[\$([A-Z_]+)\]`).FindAllStringSubmatch(help, -1) {
		plain = append(plain, m[1])
	}
	words, _, _ := strings.Cut(help, "OPTIONS:")
	for _, m := range regexp.MustCompile(`(?m)^ {6}([A-Z_]+)  `).FindAllStringSubmatch(words, -1) {
		secret = append(secret, m[1])
	}
	if len(secret) == 0 || component != "migrate" && len(plain) < 8 {
		t.Fatalf("%s: --help is not read as it was: %v %v", component, plain, secret)
	}
	return plain, secret
}

// others are names of the environment that no program of ours lists.
var others = map[string]string{
	"GOMEMLIMIT":    "Go's own: memory that it collects garbage to stay below",
	"PGSSLROOTCERT": "libpq's, which Postgres' driver knows",
	"SSL_CERT_FILE": "Go's own: the authorities that a server's certificate is checked with",
}

// forOperators may stand in the worker's file though it does not read them: commands that somebody runs in its pod do.
var forOperators = []string{"KEYCLOAK_REALM"}

// Ensure every name in the environment of a pod, and in its file of settings, is one that its program knows.
func TestSettingsAreKnown(t *testing.T) {
	for file, values := range read(t) {
		files := settingsFiles(t, values)
		for name, pod := range pods(t, values) {
			for _, c := range pod.Spec.Containers {
				component := c.Name
				plain, secret := settings(t, component)
				if component == "worker" {
					plain = append(plain, forOperators...)
				}
				names := slices.Sorted(maps.Keys(files["ts-tokenstate-"+component]))
				for _, e := range c.Env {
					names = append(names, e.Name)
				}
				for _, n := range names {
					if !slices.Contains(plain, n) && !slices.Contains(secret, strings.TrimSuffix(n, "_FILE")) && others[n] == "" {
						t.Errorf("%s: %s: %s does not know %s", file, name, strings.Join(of[component], " "), n)
					}
				}
				for n := range files["ts-tokenstate-"+component] {
					if slices.Contains(secret, n) {
						t.Errorf("%s: %s: the secret %s stands in a ConfigMap", file, name, n)
					}
				}
			}
		}
	}
}

// settingsFiles are the files of settings by the name of their ConfigMap, with the names as in the environment.
func settingsFiles(t *testing.T, values map[string]any) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for name, data := range configMaps(t, values) {
		if data["settings.yaml"] == "" {
			continue
		}
		var lower map[string]string
		if err := yaml.UnmarshalStrict([]byte(data["settings.yaml"]), &lower); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = map[string]string{}
		for n, v := range lower {
			all[name][strings.ToUpper(n)] = v
		}
	}
	return all
}

func configMaps(t *testing.T, values map[string]any) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, o := range objects(t, values) {
		var m corev1.ConfigMap
		if o.Kind != "ConfigMap" {
			continue
		}
		if err := yaml.Unmarshal(o.text, &m); err != nil {
			t.Fatal(err)
		}
		all[o.Metadata.Name] = m.Data
	}
	return all
}

// decided are settings that the chart sets by itself, for the pod's shape decides them.
var decided = []string{
	"WORKER_ADMIN_ADDR", "AUTHAPI_ADDR", "AUTHAPI_ADMIN_ADDR", "AUTHAPI_EXTAUTHZ_ADDR", "AUTHAPI_SNAPSHOT_PATH", "AUTHAPI_REALMS_FILE",
	"CONSOLE_ADDR", "CONSOLE_ADMIN_ADDR", "CANARY_ADMIN_ADDR", "WORKER_CONFIG", "AUTHAPI_CONFIG", "CONSOLE_CONFIG", "CANARY_CONFIG",
}

// Ensure the schema of the values has each setting of each program once: those that --help lists in config, secrets and
// paths of files in secrets, and none that the chart decides.
func TestSchemaIsHelp(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema node
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for _, component := range []string{"worker", "authapi", "console", "canary"} {
		plain, secret := settings(t, component)
		has := schema.Properties[component]
		given := slices.Concat(slices.Collect(maps.Keys(has.Properties["config"].Properties)), slices.Collect(maps.Keys(has.Properties["secrets"].Properties)))
		for _, n := range given {
			known := slices.Contains(plain, n) || slices.Contains(secret, n) || others[n] != "" || component == "worker" && slices.Contains(forOperators, n)
			if !known {
				t.Errorf("%s: the schema has %s, which --help has not", component, n)
			}
		}
		for _, n := range slices.Concat(plain, secret) {
			if !slices.Contains(given, n) && !slices.Contains(decided, n) {
				t.Errorf("%s: the schema lacks %s: add it to config, or to secrets if it is one or is the path of a file", component, n)
			}
		}
		for _, n := range secret {
			if _, ok := has.Properties["config"].Properties[n]; ok {
				t.Errorf("%s: %s is a secret and must not stand in a ConfigMap", component, n)
			}
		}
	}
}

type node struct {
	Properties map[string]node `json:"properties"`
}

// kept is the secret that TestProgramsTakeTheirPods keeps from a program, so that it ends.
func kept(component string) string {
	if component == "canary" {
		return "AUTHAPI_SERVICE_KEY"
	}
	return "DATABASE_URL"
}

// Ensure each program takes what its pod is given, each value, too: started so, it complains of nothing but of the one
// thing that is kept from it.
func TestProgramsTakeTheirPods(t *testing.T) {
	for file, values := range read(t) {
		data := configMaps(t, values)
		for name, pod := range pods(t, values) {
			for _, c := range pod.Spec.Containers {
				if strings.HasPrefix(name, "Pod/") && c.Name == "authapi" { // its test, which asks another pod
					continue
				}
				root := t.TempDir()
				env := mount(t, root, c, pod, data)
				said := run(t, env, of[c.Name][0], c.Args...)
				lines := strings.Split(strings.TrimSpace(said), "\n")
				if len(lines) != 2 || !strings.Contains(lines[0], "configuration:") || !strings.HasPrefix(lines[1], kept(c.Name)+" is not set") {
					t.Errorf("%s: %s: %s says:\n%s", file, name, c.Name, said)
				}
			}
		}
	}
}

// mount puts what the pod mounts below root, and gives the environment that names it there, without what is kept.
func mount(t *testing.T, root string, c corev1.Container, pod corev1.PodTemplateSpec, data map[string]map[string]string) (env []string) {
	t.Helper()
	put := func(path, text string) {
		at := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range pod.Spec.Volumes {
		for _, name := range files(v) {
			put("/etc/tokenstate/secrets/"+name, "a-secret-of-the-test")
		}
		if v.ConfigMap != nil {
			for name, text := range data[v.ConfigMap.Name] {
				put("/etc/tokenstate/settings/"+name, strings.ReplaceAll(text, "/etc/tokenstate", filepath.Join(root, "/etc/tokenstate")))
			}
		}
	}
	for _, e := range c.Env {
		if e.Name != kept(c.Name)+"_FILE" {
			env = append(env, e.Name+"="+strings.ReplaceAll(e.Value, "/etc/tokenstate", filepath.Join(root, "/etc/tokenstate")))
		}
	}
	return env
}

// Ensure the chart is of the version that the programs are.
func TestVersion(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(chartDir, "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ Version, AppVersion string }
	if err := yaml.Unmarshal(raw, &chart); err != nil {
		t.Fatal(err)
	}
	if said := run(t, nil, "authapi", "--version"); chart.Version != chart.AppVersion || !strings.Contains(said, "version "+chart.AppVersion+" ") {
		t.Errorf("Chart.yaml says %s and %s, the program %s", chart.Version, chart.AppVersion, said)
	}
}
