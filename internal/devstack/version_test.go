package devstack

import (
	"slices"
	"strings"
	"testing"
)

// Ensure each version gets the options that it knows: one that it does not know stops its build or,
// worse, leaves our listener without a setting.
func TestOptionsByVersion(t *testing.T) {
	for version, want := range map[string]struct{ health, prefix string }{
		"26.0.8":           {"--legacy-observability-interface=true", "KC_SPI_EVENTS_LISTENER_TOKENSTATE_"},
		"26.3.5":           {"--legacy-observability-interface=true", "KC_SPI_EVENTS_LISTENER_TOKENSTATE_"},
		"26.4.7":           {"--http-management-health-enabled=false", "KC_SPI_EVENTS_LISTENER__TOKENSTATE__"},
		"26.7.3":           {"--http-management-health-enabled=false", "KC_SPI_EVENTS_LISTENER__TOKENSTATE__"},
		"27.0.0":           {"--http-management-health-enabled=false", "KC_SPI_EVENTS_LISTENER__TOKENSTATE__"},
		"999.0.0-SNAPSHOT": {"--http-management-health-enabled=false", "KC_SPI_EVENTS_LISTENER__TOKENSTATE__"},
	} {
		if got := buildOptions(version); !slices.Contains(got, want.health) {
			t.Errorf("%s: %v", version, got)
		}
		if lists := slices.Contains(listeners(version), "tokenstate"); lists != (version == "26.0.8") {
			t.Errorf("%s: %v", version, listeners(version))
		}
		s := &Stack{natsListener: "nats://kc:secret@127.0.0.1:4222"}
		env, err := s.listenerEnv("kc1", version)
		if err != nil || !slices.Contains(env, want.prefix+"NATS_URL=nats://127.0.0.1:4222") {
			t.Errorf("%s: %v, %v", version, err, len(env))
		}
		for _, kv := range env {
			if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, want.prefix) {
				t.Errorf("%s: %s", version, name)
			}
		}
	}
}

// Ensure what is no version never becomes a part of a path.
func TestOnlyPlainVersions(t *testing.T) {
	for version, want := range map[string]bool{
		KeycloakVersion: true, "26.0.8": true, "999.0.0-SNAPSHOT": true,
		"": false, "26": false, "../26.0": false, "26.0/../../x": false, "26.*": false, "26.0 8": false,
	} {
		if plainVersion.MatchString(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}

// Ensure a misspelt database is refused before anything starts: it would measure the wrong thing.
func TestDatabaseByName(t *testing.T) {
	for name, want := range map[string]struct{ postgres, fault bool }{
		"": {}, "h2": {}, "postgres": {postgres: true}, "Postgres": {fault: true}, "mysql": {fault: true},
	} {
		if got, err := wantsPostgres(name); got != want.postgres || (err != nil) != want.fault {
			t.Errorf("%q: %t, %v", name, got, err)
		}
	}
}

// Ensure a stack that is to hear some realms only tells its listener so, whatever the version.
func TestRealmsOfTheListener(t *testing.T) {
	s := &Stack{natsListener: "nats://kc:secret@127.0.0.1:4222", opts: Options{Realms: "demo"}}
	for version, want := range map[string]string{
		"26.3.5": "KC_SPI_EVENTS_LISTENER_TOKENSTATE_REALMS=demo",
		"26.7.3": "KC_SPI_EVENTS_LISTENER__TOKENSTATE__REALMS=demo",
	} {
		env, err := s.listenerEnv("kc1", version)
		if err != nil || !slices.Contains(env, want) || !slices.ContainsFunc(env, isListeners) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// Ensure a Keycloak without a listener still knows which realms its resource may tell of, and one without a jar has none.
func TestWhatKeycloakHasOfTheJar(t *testing.T) {
	s := &Stack{natsListener: "nats://kc:secret@127.0.0.1:4222", opts: Options{Realms: "demo"}}
	for version, off := range map[string]string{
		"26.3.5": "KC_SPI_EVENTS_LISTENER_TOKENSTATE_REALMS=none=No Alias",
		"26.7.3": "KC_SPI_EVENTS_LISTENER__TOKENSTATE__REALMS=none=No Alias",
	} {
		env, err := s.listenerEnv("kc1", version)
		if err != nil {
			t.Fatal(err)
		}
		served := strings.Join(ResourceOnly.of(env, version), " ")
		if strings.Contains(served, "NATS") || !strings.Contains(served, "REALMS=demo") || !strings.Contains(served, "NODE=kc1") {
			t.Errorf("%s: the resource alone has %s", version, served)
		}
		if none := NoJar.of(env, version); len(none) != 1 || none[0] != off {
			t.Errorf("%s: without the jar %v", version, none)
		}
		if !slices.Equal(Listening.of(env, version), env) {
			t.Errorf("%s: the listener lacks something", version)
		}
	}
}
