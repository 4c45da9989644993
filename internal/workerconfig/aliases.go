package workerconfig

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Aliases are realms whose name in the log is not Keycloak's: aliases by name. The listener's option
// realms gives them, since a subject cannot carry every name.
type Aliases map[string]string

var aliasForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// Aliases reads WORKER_REALMS.
func (c *Config) Aliases() (Aliases, error) {
	all := Aliases{}
	taken := map[string]bool{}
	for one := range strings.SplitSeq(c.RealmNames, ",") {
		name, alias, given := strings.Cut(strings.TrimSpace(one), "=")
		if !given {
			continue // its own name
		}
		if name == "" || !aliasForm.MatchString(alias) || all[name] != "" || taken[alias] {
			return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration,
				errors.New("WORKER_REALMS wants name=alias, separated by commas, each name and alias once; an alias has lower-case letters, digits, _ and -"))
		}
		all[name], taken[alias] = alias, true
	}
	return all, nil
}

func (a Aliases) byAlias() map[string]string {
	names := map[string]string{}
	for name, alias := range a {
		names[alias] = name
	}
	return names
}

// Of is the log's name of a realm.
func (a Aliases) Of(name string) string {
	if alias := a[name]; alias != "" {
		return alias
	}
	return name
}
