package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const page = "../../docs/kubernetes.md"

func documented(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Ensure each value and each file that the page names is there.
func TestDocumentedValuesExist(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.UnmarshalStrict(raw, &values); err != nil {
		t.Fatal(err)
	}
	text := documented(t)
	found := 0
	prefix := ""
	for _, m := range regexp.MustCompile("`((?:[a-z][A-Za-z]*)?(?:\\.[a-zA-Z]+)+)(?:: [a-z]+)?`").FindAllStringSubmatch(text, -1) {
		path := strings.Split(m[1], ".")
		if path[0] == "" && prefix != "" { // `.overrides`, after its neighbour
			path = append(strings.Split(prefix, "."), path[1:]...)
		}
		if _, ours := values[path[0]]; !ours || slices.Contains([]string{"yaml", "md"}, path[len(path)-1]) {
			continue
		}
		prefix = strings.Join(path[:len(path)-1], ".")
		found++
		if !exists(values, path) {
			t.Errorf("the page names %s, which the chart has not", strings.Join(path, "."))
		}
	}
	if found < 6 {
		t.Errorf("only %d values were found on the page: is it written in another way?", found)
	}
	for _, name := range regexp.MustCompile(`[a-z]+\.yaml\b`).FindAllString(text, -1) {
		if _, err := os.Stat(filepath.Join(valuesDir, name)); err != nil {
			t.Errorf("the page names %s: %v", name, err)
		}
	}
}

func exists(values map[string]any, path []string) bool {
	at, ok := values[path[0]]
	for _, name := range path[1:] {
		m, isMap := at.(map[string]any)
		if !isMap {
			return false
		}
		at, ok = m[name]
	}
	return ok
}

// Ensure every manifest and every file of values on the page is YAML that holds nothing twice.
func TestDocumentedYAML(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(documented(t), -1)
	for _, b := range blocks {
		var any map[string]any
		if err := yaml.UnmarshalStrict([]byte(b[1]), &any); err != nil {
			t.Errorf("%v in\n%s", err, b[1])
		}
	}
	if len(blocks) < 3 {
		t.Errorf("%d blocks of YAML", len(blocks))
	}
}

// Ensure the listener has the options that the page gives it.
func TestDocumentedOptions(t *testing.T) {
	raw, err := os.ReadFile("../../keycloak-listener/README.md")
	if err != nil {
		t.Fatal(err)
	}
	options := regexp.MustCompile(`spi-events-listener--tokenstate--([a-z-]+)`).FindAllStringSubmatch(documented(t), -1)
	for _, o := range options {
		if !strings.Contains(string(raw), "`"+o[1]+"`") {
			t.Errorf("the listener's README has no option %s", o[1])
		}
	}
	if len(options) == 0 {
		t.Error("the page gives the listener no option")
	}
}

// Ensure the page's Secrets have what the pods mount from them, and its command makes the files that go into them.
func TestDocumentedSecrets(t *testing.T) {
	text := strings.ReplaceAll(documented(t), "\\\n", "")
	given := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^kubectl .*create secret generic (\S+) (.*)$`).FindAllStringSubmatch(text, -1) {
		for _, f := range regexp.MustCompile(`--from-file=([A-Za-z_.]+)`).FindAllStringSubmatch(m[2], -1) {
			given[m[1]] = append(given[m[1]], f[1])
		}
	}
	for name, pod := range pods(t, layered(t, "minimal.yaml", "production.yaml")) {
		for _, v := range pod.Spec.Volumes {
			if v.Projected == nil {
				continue
			}
			for _, s := range v.Projected.Sources {
				keys, ours := given[s.Secret.Name]
				if ours && !slices.Contains(keys, s.Secret.Items[0].Key) {
					t.Errorf("%s wants the key %s of %s, which the page does not give it", name, s.Secret.Items[0].Key, s.Secret.Name)
				}
			}
		}
	}
	if len(given) < 2 {
		t.Errorf("the page makes %d Secrets", len(given))
	}
	command := regexp.MustCompile(`(?m)^authapi (secrets generate .*)$`).FindStringSubmatch(text)
	if command == nil {
		t.Fatal("the page generates no secrets")
	}
	folder := t.TempDir()
	said := runIn(t, folder, nil, "authapi", strings.Fields(command[1])...)
	for _, f := range []string{"keyset", "pepper", "master", "snapshot"} {
		if _, err := os.Stat(filepath.Join(folder, f)); err != nil || !strings.Contains(text, "="+f) {
			t.Errorf("%s is not made, or not given to the Secret: %v\n%s", f, err, said)
		}
	}
}
