package devstack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// EnvFile is where `devstack up` leaves the environment of the stack in this checkout.
func EnvFile(root string) string { return filepath.Join(root, ".dev", "env") }

// Write writes the file whole or not at all, readable to its owner only.
func (e Env) Write(path string) error {
	lines := e.Pairs()
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		if strings.IndexFunc(value, unsafeInShell) >= 0 {
			return fmt.Errorf("the value of %s holds a character that a shell would not take literally", name)
		}
	}
	next := path + ".new"
	if err := os.WriteFile(next, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// ReadEnv reads what Write wrote. Names that it does not know are ignored: the file also holds
// settings of the programs.
func ReadEnv(path string) (Env, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the caller's own file
	if err != nil {
		return Env{}, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = value
		}
	}
	return envFrom(func(name string) string { return values[name] })
}

// EnvFromProcess reads the environment that `devstack run` gives to its command.
func EnvFromProcess() (Env, error) { return envFrom(os.Getenv) }

func envFrom(get func(string) string) (Env, error) {
	var e Env
	for _, en := range table(&e) {
		if text := get(en.name); text != "" {
			if err := en.set(text); err != nil {
				return Env{}, err
			}
		}
	}
	return e, nil
}

// unsafeInShell is for values that are written without quotes. & is not needed by us and would
// end a command; a path or an URL needs no more than these.
func unsafeInShell(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.:/@?=+,%", r)
}
