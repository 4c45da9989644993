package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// aliases are realms whose name in the log is not Keycloak's: aliases by name. The listener's option
// realms gives them, since a subject cannot carry every name.
type aliases map[string]string

var aliasForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func (c *config) aliases() (aliases, error) {
	all := aliases{}
	taken := map[string]bool{}
	for one := range strings.SplitSeq(c.realmNames, ",") {
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

func (a aliases) byAlias() map[string]string {
	names := map[string]string{}
	for name, alias := range a {
		names[alias] = name
	}
	return names
}

// of is the log's name of a realm.
func (a aliases) of(name string) string {
	if alias := a[name]; alias != "" {
		return alias
	}
	return name
}

// briefly remembers answers about realms, each of which walks all that is known; a deletion may be told a moment later.
func briefly(ask func(realm string) bool) func(realm string) bool {
	type answer struct {
		said bool
		at   time.Time
	}
	var mu sync.Mutex
	answers := map[string]answer{}
	return func(realm string) bool {
		mu.Lock()
		defer mu.Unlock()
		a, ok := answers[realm]
		if !ok || time.Since(a.at) > time.Second {
			a = answer{ask(realm), time.Now()}
			answers[realm] = a
		}
		return a.said
	}
}
