package devstack

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Jar is what a Keycloak has of tokenstate's jar.
type Jar int

// What it can have.
const (
	Listening    Jar = iota // listener and resource
	ResourceOnly            // no NATS was configured: it hears nothing, and serves the resource
	NoJar                   // neither, as if it had never been installed: the worker asks the admin REST API
)

// JarOf reads what an environment variable says of the jar: on (or nothing), off for the resource alone, none.
func JarOf(variable string) (Jar, error) {
	text := os.Getenv(variable)
	jar, ok := map[string]Jar{"": Listening, "on": Listening, "off": ResourceOnly, "none": NoJar}[text]
	if !ok {
		return 0, fmt.Errorf("%s is %q, not on, off or none", variable, text)
	}
	return jar, nil
}

// of is what stays of a node's environment.
func (j Jar) of(env []string, version string) []string {
	switch j {
	case ResourceOnly:
		return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return isListeners(kv) && strings.Contains(kv, "NATS_") })
	case NoJar:
		// A jar that cannot know of which realms it may tell is off in all its parts. Keycloak's own switch of a
		// provider is an option of its build.
		return append(slices.DeleteFunc(slices.Clone(env), isListeners), listenerOption(version, "REALMS")+"=none=No Alias")
	default:
		return env
	}
}

// listenerOption is the variable of one of the listener's options.
func listenerOption(version, name string) string {
	if !sinceMinor(version, 4) {
		return "KC_SPI_EVENTS_LISTENER_TOKENSTATE_" + name
	}
	return "KC_SPI_EVENTS_LISTENER__TOKENSTATE__" + name
}

// isListeners knows the names of 26.0 to 26.3, too, which have single underscores.
func isListeners(kv string) bool { return strings.HasPrefix(kv, "KC_SPI_EVENTS_LISTENER_") }
