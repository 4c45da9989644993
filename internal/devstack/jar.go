package devstack

import (
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

// SetJar says with what Keycloak starts the next time.
func (s *Stack) SetJar(j Jar) { s.jar = j }

// of is what stays of a node's environment.
func (j Jar) of(env []string, version string) []string {
	switch j {
	case ResourceOnly:
		return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return isListeners(kv) && strings.Contains(kv, "NATS_") })
	case NoJar:
		off := "KC_SPI_REALM_RESTAPI_EXTENSION__TOKENSTATE__ENABLED=false"
		if !sinceMinor(version, 4) {
			off = "KC_SPI_REALM_RESTAPI_EXTENSION_TOKENSTATE_ENABLED=false"
		}
		return append(slices.DeleteFunc(slices.Clone(env), isListeners), off)
	default:
		return env
	}
}

// isListeners knows the names of 26.0 to 26.3, too, which have single underscores.
func isListeners(kv string) bool { return strings.HasPrefix(kv, "KC_SPI_EVENTS_LISTENER_") }
