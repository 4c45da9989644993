package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// keycloakLimit is generous: two loaded cores took 46 s for a first start.
const keycloakLimit = 5 * time.Minute

// keycloakServer is one Keycloak process on a database of its own.
type keycloakServer struct {
	home keycloakHome
	data string // folder of the database and of temporary files
	port int
	opts []string // of the database and the caches: alone's or a cluster's
	env  []string

	measured bool // compiled as in a deployment
}

func (k keycloakServer) url() string { return "http://127.0.0.1:" + strconv.Itoa(k.port) }

// command starts the JVM itself, as bin/kc.sh would. Not through kc.sh: that script stays as
// the JVM's parent, so that a signal to our child would not reach the server.
func (k keycloakServer) command() *exec.Cmd {
	dir := k.home.dir
	cmd := exec.Command(java(), append(k.jvmFlags(), //nolint:gosec,noctx // the distribution; Stop ends it
		"-Dkc.home.dir="+dir, "-Djboss.server.config.dir="+filepath.Join(dir, "conf"), "-Djava.io.tmpdir="+k.data,
		"-cp", filepath.Join(dir, "lib", "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
		"start", "--optimized", "--http-enabled=true", "--http-host=127.0.0.1", "--http-port="+strconv.Itoa(k.port),
		"--hostname-strict=false")...)
	cmd.Args = append(cmd.Args, k.opts...)
	cmd.Env = append(cleanEnv(), k.env...)
	return cmd
}

// alone are the options of a single node on an H2 database in this folder.
func alone(data string) []string {
	return []string{"--cache=local", "--db-url=jdbc:h2:file:" + filepath.Join(data, "keycloakdb") + h2Settings}
}

// h2Settings: by default H2 writes half a second after a commit. A Keycloak that was killed then
// forgot a logout which it had answered and announced: measured, as one false verdict.
const h2Settings = ";NON_KEYWORDS=VALUE;WRITE_DELAY=0"

// jvmFlags are those of kc.sh, and only the quick compiler: on two cores the optimising one costs a start
// 30 s of CPU instead of 18. What is measured has both, for people run Keycloak with both.
func (k keycloakServer) jvmFlags() []string {
	flags := strings.Fields(kcFlags)
	if !k.measured {
		flags = append(flags, "-XX:TieredStopAtLevel=1")
	}
	return flags
}

// kcFlags are those of kc.sh 26.7, but a small heap and the serial collector.
const kcFlags = `-Xms256m -Xmx768m -XX:MetaspaceSize=96M -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError
-Dfile.encoding=UTF-8 -Djava.security.egd=file:/dev/urandom -Duser.language=en -Duser.country=US
--add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
--add-opens=java.base/java.security=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED --enable-native-access=ALL-UNNAMED
-Djava.util.logging.manager=org.jboss.logmanager.LogManager -Dpicocli.disable.closures=true -Dquarkus-log-max-startup-records=10000
-Dkc.config.built=true
-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory`

func java() string {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return filepath.Join(home, "bin", "java")
	}
	return "java"
}

// seed makes the distribution's first start, in which Keycloak makes its tables and the master
// realm, and keeps the database as the template of all later ones: over half of a start.
func (s *Stack) seed(ctx context.Context, h keycloakHome) error {
	if err := os.Mkdir(h.template(), 0o700); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	password := randomText()
	k := keycloakServer{home: h, data: h.template(), port: port, opts: alone(h.template()), env: []string{
		"KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD=" + password,
	}}
	p, err := launch(s.spawner, "keycloak-build", s.opts.Logs, false, k.command())
	if err != nil {
		return err
	}
	err = p.ready(ctx, keycloakLimit, func(ctx context.Context) error { return answers(ctx, k.url()+"/health/ready") })
	if err == nil {
		err = AdminOf(Env{KeycloakURL: k.url(), KeycloakAdmin: "admin", KeycloakAdminPassword: password}).hashQuickly(ctx)
	}
	p.stop(syscall.SIGTERM, stopLimit)
	if err != nil {
		return fmt.Errorf("first start: %w", err)
	}
	return os.WriteFile(filepath.Join(h.template(), "password"), []byte(password), 0o600)
}

// startKeycloak starts the server on a copy of the template and makes the demo realm.
func (s *Stack) startKeycloak(ctx context.Context, h keycloakHome) error {
	if s.clustered() {
		return s.startCluster(ctx, h)
	}
	dir, err := s.tempDir("keycloak", nil)
	if err != nil {
		return err
	}
	password, err := os.ReadFile(filepath.Join(h.template(), "password"))
	if err != nil {
		return fmt.Errorf("the cached Keycloak is not whole, remove %s: %w", h.dir, err)
	}
	if err := copyFile(filepath.Join(h.template(), "keycloakdb.mv.db"), filepath.Join(dir, "keycloakdb.mv.db")); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	listener, err := s.listenerEnv("kc1", h.version)
	if err != nil {
		return err
	}
	k := keycloakServer{home: h, data: dir, port: port, opts: alone(dir), env: listener}
	s.introduce(k.url(), string(password))
	err = s.add(ctx, &part{
		name: "keycloak", sig: syscall.SIGTERM, pid: &s.Env.KeycloakPID, limit: keycloakLimit,
		make:  k.command,
		check: func(ctx context.Context) error { return answers(ctx, k.url()+"/health/ready") },
	})
	if err != nil {
		return err
	}
	return s.admin.NewRealm(ctx, s.Env.KeycloakRealm)
}

// introduce fills in how Keycloak is reached and what its clients are called.
func (s *Stack) introduce(url, password string) {
	s.Env.KeycloakURL, s.Env.KeycloakRealm, s.Env.KeycloakClientID = url, cmp.Or(s.opts.Realm, "demo"), "app"
	s.Env.KeycloakAdmin, s.Env.KeycloakAdminPassword = "admin", password
	s.Env.KeycloakClientSecret = randomText()
	s.Env.WorkerClientID, s.Env.WorkerClientSecret = "tokenstate-worker", randomText()
	s.admin = AdminOf(s.Env)
}

// listenerEnv configures our jar, as much as Keycloak has of it: where NATS is, and the small times of tuning.go; and says
// whither spans go. Every realm but master is heard, unless Options.Realms names some.
func (s *Stack) listenerEnv(node, version string) ([]string, error) {
	first, _, _ := strings.Cut(s.natsListener, ",")
	at, err := url.Parse(first)
	if err != nil || at.User == nil {
		return nil, errors.New("the listener needs NATS, which is not there")
	}
	password, _ := at.User.Password()
	var out []string
	for _, kv := range [][2]string{
		{"NATS_URL", strings.ReplaceAll(s.natsListener, at.User.String()+"@", "")},
		{"NATS_USER", at.User.Username()},
		{"NATS_PASSWORD", password},
		{"NODE", node},
		{"BIRTH_DELAY_MS", birthDelayMS},
		{"HEARTBEAT_MS", heartbeatMS},
	} {
		out = append(out, listenerOption(version, kv[0])+"="+kv[1])
	}
	if s.opts.Realms != "" {
		out = append(out, listenerOption(version, "REALMS")+"="+s.opts.Realms)
	}
	return append(s.opts.Jar.of(out, version), s.traced()...), nil
}
