package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// KeycloakVersion is the version that the listener is built for and the tests run against,
// unless the environment variable KEYCLOAK_VERSION names another.
const KeycloakVersion = "26.7.3"

// buildOptions are those that are fixed when the distribution is built. Health is asked on the
// main port, so that a start needs one free port; before 26.4 another option says that.
func buildOptions(version string) []string {
	health := "--http-management-health-enabled=false"
	if !sinceMinor(version, 4) {
		health = "--legacy-observability-interface=true"
	}
	return []string{"--db=dev-file", "--health-enabled=true", health}
}

// traced tells a Keycloak that was built for it whither its spans go.
func (s *Stack) traced() []string {
	if s.opts.Traces == "" {
		return nil
	}
	return []string{"KC_TRACING_ENDPOINT=" + s.opts.Traces, "KC_TRACING_PROTOCOL=http/protobuf"}
}

// plainVersion: it becomes a part of paths.
var plainVersion = regexp.MustCompile(`^[0-9]+\.[0-9A-Za-z.-]{1,30}$`)

// buildRevision is raised when this file makes a different thing of the same inputs.
const buildRevision = "2"

// keycloakHome is a built distribution with a database in which the master realm exists.
type keycloakHome struct{ dir, version string }

func (h keycloakHome) template() string { return filepath.Join(h.dir, "template") }

// buildKeycloak fetches the distribution through Maven, adds the listener, builds it and makes
// its first start, once: the result is cached by version, listener and options, so that every
// later start is that of the server alone.
func (s *Stack) buildKeycloak(ctx context.Context) (keycloakHome, error) {
	began := time.Now()
	if err := needs("java", "default-jdk-headless"); err != nil {
		return keycloakHome{}, err
	}
	jar := filepath.Join(s.opts.Root, "keycloak-listener", "target", "tokenstate-keycloak-listener.jar")
	sum, err := digest(jar)
	if err != nil {
		return keycloakHome{}, fmt.Errorf("the listener's jar is missing; `make listener` builds it: %w", err)
	}
	h := keycloakHome{version: cmp.Or(os.Getenv("KEYCLOAK_VERSION"), KeycloakVersion)}
	if !plainVersion.MatchString(h.version) {
		return keycloakHome{}, fmt.Errorf("KEYCLOAK_VERSION %.40q is no version such as %s", h.version, KeycloakVersion)
	}
	key := strings.Join(append([]string{buildRevision, h.version, sum}, s.buildOptions(h.version)...), " ")
	cache := keycloakCache(s.opts.Root)
	h.dir = filepath.Join(cache, "keycloak-"+h.version+"-"+shortDigest(key))
	turn, err := waitLock(ctx, filepath.Join(cache, "keycloak.lock"))
	if err != nil {
		return keycloakHome{}, err
	}
	defer func() { _ = turn.Close() }()
	if _, err := os.Stat(h.dir); err == nil {
		now := time.Now()
		return h, os.Chtimes(h.dir, now, now)
	}
	s.say("keycloak %s: fetching and building, once for this listener (about a minute)", h.version)
	if err := s.makeKeycloak(ctx, h, jar); err != nil {
		return keycloakHome{}, fmt.Errorf("build keycloak: %w", err)
	}
	s.say("keycloak is built after %.1f s", time.Since(began).Seconds())
	return h, dropOld(cache, h.version, h.dir)
}

// keycloakCache is the user's, so that each clone of the same listener has what one has built.
func keycloakCache(root string) string {
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "tokenstate")
	}
	return filepath.Join(root, ".dev", "cache")
}

// makeKeycloak works beside its goal and moves it there at the end, so that what was
// interrupted is never taken for a whole.
func (s *Stack) makeKeycloak(ctx context.Context, h keycloakHome, jar string) error {
	if err := needs("mvn", "maven"); err != nil {
		return err
	}
	work := h.dir + ".new"
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o700)); err != nil {
		return err
	}
	// In work, since Maven notes in ./target what it has unpacked, and unpacks that never again.
	if err := step(ctx, work, "mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack",
		"-Dartifact=org.keycloak:keycloak-quarkus-dist:"+h.version+":zip", "-DoutputDirectory="+work); err != nil {
		return err
	}
	home := filepath.Join(work, "keycloak-"+h.version)
	if err := copyFile(jar, filepath.Join(home, "providers", filepath.Base(jar))); err != nil {
		return err
	}
	if err := step(ctx, work, filepath.Join(home, "bin", "kc.sh"), append([]string{"build"}, s.buildOptions(h.version)...)...); err != nil {
		return err
	}
	if !s.clustered() { // whose database is Postgres, made at each start
		if err := s.seed(ctx, keycloakHome{home, h.version}); err != nil {
			return err
		}
	}
	return errors.Join(os.Rename(home, h.dir), os.RemoveAll(work))
}

// step runs one step of the preparation in dir; its output is shown only when it fails.
func step(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // our own steps
	cmd.Dir, cmd.Env = dir, cleanEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

func needs(tool, debian string) error {
	if _, err := exec.LookPath(tool); err != nil {
		return fmt.Errorf("%s is missing: install it and try again (Debian: apt-get install %s)", tool, debian)
	}
	return nil
}

// dropOld keeps of a version the newest five builds beside the current one: another run may still
// use one, there are several for one listener, and a change of that is often taken back. Other versions are left alone, or
// `make versions` would build each of them anew each time.
func dropOld(cache, version, current string) error {
	found, err := filepath.Glob(filepath.Join(cache, "keycloak-"+version+"-*"))
	if err != nil {
		return err
	}
	newest := byAge(found)
	var errs []error
	kept := 0
	for _, dir := range newest {
		if dir == current {
			continue
		}
		if kept++; kept > 5 {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}
