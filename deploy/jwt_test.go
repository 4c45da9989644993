package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// rights are what a user may publish and subscribe to.
type rights struct{ pub, sub []string }

func (r rights) sorted() rights {
	slices.Sort(r.pub)
	slices.Sort(r.sub)
	return r
}

// documented reads the commands of docs/kubernetes.md that make the users with nsc.
func documented(t *testing.T) map[string]rights {
	t.Helper()
	text := strings.ReplaceAll(content(t, "docs/kubernetes.md"), "\\\n", "")
	all := map[string]rights{}
	for _, m := range regexp.MustCompile(`(?m)^nsc add user --account TOKENSTATE --name (\S+)(.*)$`).FindAllStringSubmatch(text, -1) {
		var r rights
		for _, a := range regexp.MustCompile(`--allow-(pub|sub) '([^']+)'`).FindAllStringSubmatch(m[2], -1) {
			list := strings.Split(a[2], ",")
			if a[1] == "pub" {
				r.pub = append(r.pub, list...)
			} else {
				r.sub = append(r.sub, list...)
			}
		}
		all[m[1]] = r.sorted()
	}
	return all
}

// Ensure the page's commands for JWT accounts give each user the rights of nats.conf, no more and no fewer.
func TestDocumentedJWTsAreNATSConf(t *testing.T) {
	for name, value := range map[string]string{
		"NATS_HOST": "127.0.0.1", "NATS_PORT": "4222", "NATS_STORE_DIR": t.TempDir(),
		"NATS_LISTENER_PASSWORD": "a", "NATS_WORKER_PASSWORD": "a", "NATS_OPERATOR_PASSWORD": "a",
	} {
		t.Setenv(name, value)
	}
	o, err := server.ProcessConfigFile("nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	users := documented(t)
	if len(o.Users) != 3 || len(users) != len(o.Users) {
		t.Fatalf("nats.conf has %d users, the page %d", len(o.Users), len(users))
	}
	for _, u := range o.Users {
		want, got := rights{slices.Clone(u.Permissions.Publish.Allow), slices.Clone(u.Permissions.Subscribe.Allow)}.sorted(), users[u.Username]
		if !slices.Equal(got.pub, want.pub) || !slices.Equal(got.sub, want.sub) {
			t.Errorf("%s: the page gives %v, nats.conf %v", u.Username, got, want)
		}
	}
}

// Ensure our programs work with such users on a server that knows accounts by their JWT: the operator makes the stream, the
// worker reads it, and each is refused the rest.
func TestJWTAccounts(t *testing.T) {
	url, creds := jwtServer(t, documented(t))
	connect := func(user, inbox string) *stream.Log {
		l, err := stream.Connect(t.Context(), stream.Options{URL: url, Credentials: creds[user], Inbox: inbox, Name: user, Logger: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
	operator, worker := connect("operator", testenv.Inbox(testenv.Operator)), connect("worker", testenv.Inbox(testenv.Worker))
	if err := operator.EnsureStream(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Info(t.Context()); err != nil {
		t.Error(err)
	}
	reader, err := worker.Read(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	reader.Stop()
	for subject, want := range map[string]bool{
		"tokenstate.v1.demo.event.LOGOUT.backfill": true, "tokenstate.v1.demo.event.LOGOUT": false, "tokenstate.v1.demo.pardon.x": false,
	} {
		if may, err := worker.MayPublish(t.Context(), subject); err != nil || may != want {
			t.Errorf("the worker may publish %s: %v %v, want %v", subject, may, err, want)
		}
	}
}

// jwtServer is a server with one account, as `nsc generate config --mem-resolver` makes it, and a file of credentials for
// each user.
func jwtServer(t *testing.T, users map[string]rights) (url string, creds map[string]string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	operator, err := nkeys.CreateOperator()
	must(err)
	public := func(k nkeys.KeyPair) string {
		p, err := k.PublicKey()
		must(err)
		return p
	}
	account := func(name string, limits jwt.JetStreamLimits) (nkeys.KeyPair, string) {
		k, err := nkeys.CreateAccount()
		must(err)
		c := jwt.NewAccountClaims(public(k))
		c.Name, c.Limits.JetStreamLimits = name, limits
		text, err := c.Encode(operator)
		must(err)
		return k, text
	}
	system, systemJWT := account("SYS", jwt.JetStreamLimits{})
	ours, oursJWT := account("TOKENSTATE", jwt.JetStreamLimits{Streams: 1, Consumer: -1, DiskStorage: -1, MemoryStorage: -1})
	claims := jwt.NewOperatorClaims(public(operator))
	claims.SystemAccount = public(system)
	resolver := &server.MemAccResolver{}
	must(resolver.Store(public(system), systemJWT))
	must(resolver.Store(public(ours), oursJWT))
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		TrustedOperators: []*jwt.OperatorClaims{claims}, SystemAccount: public(system), AccountResolver: resolver,
	})
	must(err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	creds = map[string]string{}
	for name, r := range users {
		k, err := nkeys.CreateUser()
		must(err)
		c := jwt.NewUserClaims(public(k))
		c.Name, c.Pub.Allow, c.Sub.Allow = name, r.pub, r.sub
		text, err := c.Encode(ours)
		must(err)
		seed, err := k.Seed()
		must(err)
		file, err := jwt.FormatUserConfig(text, seed)
		must(err)
		creds[name] = filepath.Join(t.TempDir(), name+".creds")
		must(os.WriteFile(creds[name], file, 0o600))
	}
	return s.ClientURL(), creds
}
