package settings

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/urfave/cli/v3"
)

// shared names stand in .dev/env for everybody and configure neither program.
var shared = []string{
	"AUTHAPI_URL", "AUTHAPI_ADMIN_URL", "AUTHAPI_EXTAUTHZ_ADDR", "AUTHAPI_SERVICE_KEY", "AUTHAPI_PID",
	"WORKER_ADMIN_URL", "WORKER_PID", "WORKER_KEYCLOAK_CLIENT_ID", "WORKER_KEYCLOAK_CLIENT_SECRET",
}

// unknown finds names of ours that nobody reads: a misspelt one would otherwise be a default
// that nobody asked for.
func (t *Table) unknown(program *cli.Command, fromFile map[string]string) (faults []error) {
	known := map[string]bool{t.prefix + "CONFIG": true}
	for _, name := range shared {
		known[name] = true
	}
	for _, of := range append(tables(program), t) {
		for _, r := range of.rows {
			known[r.name] = true
			known[r.name+"_FILE"] = known[r.name+"_FILE"] || r.secret
		}
	}
	var names []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, t.prefix) {
			names = append(names, name)
		}
	}
	for name := range fromFile {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !known[name] {
			faults = append(faults, fmt.Errorf("%s is not a name that this program knows: see --help", name))
		}
	}
	return faults
}

// readFile reads a flat YAML file; its names are those of the environment in lower case.
func readFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil // no file, no values
	}
	k := koanf.New("\x00")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("the file of --config cannot be read: %w", err)
	}
	values := map[string]string{}
	for _, name := range k.Keys() {
		values[strings.ToUpper(name)] = k.String(name)
	}
	return values, nil
}
