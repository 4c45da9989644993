// Package chart checks the Helm chart of deploy/chart without a cluster: with Helm's own loader, linter and engine, with
// the validation that an API server runs, and with the programs themselves. It is a module of its own, for Helm's and
// Kubernetes' modules are many and no program needs them.
package chart

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	chartDir  = "../../deploy/chart/tokenstate"
	valuesDir = "../../deploy/chart/values"
	namespace = "identity"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Helm tells of each link that it follows
	var err error
	if built, err = os.MkdirTemp("", "chart-programs-"); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(status)
}

// object is one rendered manifest.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	text []byte
}

func (o object) String() string { return o.Kind + "/" + o.Metadata.Name }

// read gives the values of the documents: each file but minimal.yaml is given on top of that one.
func read(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	files, err := filepath.Glob(filepath.Join(valuesDir, "*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("the files of values are missing: %v %v", files, err)
	}
	for _, file := range files {
		all[filepath.Base(file)] = layered(t, "minimal.yaml", filepath.Base(file))
	}
	return all
}

func layered(t *testing.T, files ...string) map[string]any {
	t.Helper()
	values := map[string]any{}
	for _, file := range files {
		raw, err := os.ReadFile(filepath.Join(valuesDir, file))
		if err != nil {
			t.Fatal(err)
		}
		more := map[string]any{}
		if err := yaml.UnmarshalStrict(raw, &more); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		values = loader.MergeMaps(values, more)
	}
	return values
}

// render does what `helm template` does, on the oldest Kubernetes that the chart names.
func render(values map[string]any) (map[string]string, error) {
	c, err := loader.LoadDir(chartDir)
	if err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	release := common.ReleaseOptions{Name: "ts", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(c, values, release, caps)
	if err != nil {
		return nil, err
	}
	strict := engine.Engine{Strict: true}
	return strict.Render(c, all)
}

// objects are the rendered manifests, without the notes.
func objects(t *testing.T, values map[string]any) (all []object) {
	t.Helper()
	files, err := render(values)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".yaml" {
			continue
		}
		documents := yamlstream.NewYAMLReader(bufio.NewReader(strings.NewReader(files[name])))
		for {
			text, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var o object
			if err := yaml.Unmarshal(text, &o); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			if o.Kind == "" { // comments alone
				continue
			}
			o.text = text
			all = append(all, o)
		}
	}
	return all
}

// Ensure the linter finds nothing, not even something to recommend but an icon.
func TestLint(t *testing.T) {
	for name, values := range read(t) {
		for _, m := range lint.RunAll(chartDir, values, namespace).Messages {
			if !strings.Contains(m.Err.Error(), "icon is recommended") {
				t.Errorf("%s: %s: %v", name, m.Path, m.Err)
			}
		}
	}
}

// Ensure names are given once, stand in the release's namespace, and say to whom they belong.
func TestObjects(t *testing.T) {
	for file, values := range read(t) {
		seen := map[string]bool{}
		for _, o := range objects(t, values) {
			if seen[o.String()] {
				t.Errorf("%s: %s is there twice", file, o)
			}
			seen[o.String()] = true
			if o.Metadata.Namespace != namespace || o.Metadata.Labels["app.kubernetes.io/instance"] != "ts" {
				t.Errorf("%s: %s: namespace %q, labels %v", file, o, o.Metadata.Namespace, o.Metadata.Labels)
			}
			if o.Kind == "Secret" {
				t.Errorf("%s: %s: the chart makes no Secret, for the next rendering would make another", file, o)
			}
		}
		for _, must := range []string{"Deployment/ts-tokenstate-worker", "Job/ts-tokenstate-migrate", "Service/ts-tokenstate-authapi"} {
			if !seen[must] {
				t.Errorf("%s: no %s", file, must)
			}
		}
	}
}

// Ensure what is misspelt, missing, or a secret in the wrong place is refused, in words that name it.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		path  string
		value any
		says  string
	}{
		"an unknown value":            {"typo", 1, "typo"},
		"an unknown setting":          {"worker.config.WORKER_SWEEEP", "6h", "WORKER_SWEEEP"},
		"authapi's in the worker's":   {"worker.config.AUTHAPI_DOCS", "on", "AUTHAPI_DOCS"},
		"a secret among the settings": {"worker.config.NATS_URL", "nats://worker:pw@nats", "NATS_URL"},
		"a path among the settings":   {"authapi.config.AUTHAPI_MASTER_FILE", "/tmp/x", "AUTHAPI_MASTER_FILE"},
		"what the chart decides":      {"authapi.config.AUTHAPI_ADMIN_ADDR", ":1", "AUTHAPI_ADMIN_ADDR"},
		"a secret's text":             {"worker.secrets.NATS_URL", "nats://worker:pw@nats", "NATS_URL"},
		"an unknown secret":           {"worker.secrets.MASTER", map[string]any{"name": "a", "key": "b"}, "MASTER"},
		"a word that YAML takes":      {"authapi.config.AUTHAPI_DOCS", true, "AUTHAPI_DOCS"},
		"no time":                     {"worker.config.WORKER_SWEEP", "six hours", "WORKER_SWEEP"},
		"a number without a unit":     {"worker.resources.limits.memory", "512M", "memory"},
		"no limit":                    {"authapi.resources", map[string]any{"limits": map[string]any{"memory": nil}}, "memory"},
		"no image":                    {"authapi.image", "", "image"},
		"an image without a tag":      {"authapi.image", "registry.example.com/authapi", "image"},
		"no Secret":                   {"worker.existingSecret", "", "existingSecret"},
		"no Secret of the owner":      {"migrate.existingSecret", "", "existingSecret"},
		"an alert that is none":       {"monitoring.prometheusRule", map[string]any{"enabled": true, "disabled": []any{"TokenstateNone"}}, "TokenstateNone"},
		"an override of none":         {"monitoring.prometheusRule", map[string]any{"enabled": true, "overrides": map[string]any{"X": map[string]any{"for": "1m"}}}, "no alert X"},
		"a realm without its secret":  {"authapi.realms", []any{map[string]any{"realm": "a", "keycloak_url": "https://k", "client_id": "c"}}, "clientSecret"},
	} {
		values := layered(t, "minimal.yaml")
		set(values, c.path, c.value)
		if _, err := render(values); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want a refusal that names %s", name, err, c.says)
		}
	}
}

func set(values map[string]any, path string, value any) {
	at := values
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	at[names[len(names)-1]] = value
}

// Ensure rules and dashboard are the files of deploy/prometheus and deploy/grafana, and no copies, and that a packaged chart
// has them inside.
func TestOneCopy(t *testing.T) {
	c, err := loader.LoadDir(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := chartutil.Save(c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	packaged, err := loader.LoadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	inside := map[string]string{}
	for _, f := range packaged.Files {
		inside[f.Name] = string(f.Data)
	}
	for _, source := range []string{"prometheus/alerts.yml", "grafana/tokenstate.json"} {
		name := "files/" + path.Base(source)
		if info, err := os.Lstat(filepath.Join(chartDir, name)); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is a copy and no link: %v", name, err)
		}
		want, err := os.ReadFile("../../deploy/" + source)
		if err != nil || inside[name] != string(want) {
			t.Errorf("the packaged chart's %s is not deploy/%s: %v", name, source, err)
		}
	}
}
