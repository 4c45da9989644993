package bench

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

const (
	gigabyte = 1 << 30
	ok       = http.StatusOK
	refused  = http.StatusUnauthorized
)

// filled makes the population, and all that authapi needs.
func (s *scale) filled(address string) {
	s.Helper()
	s.pool = s.bench.pool(address, 4)
	s.store = postgres.New(s.pool)
	paths := vault.In(s.TempDir())
	s.must(vault.Generate(paths))
	held, err := vault.Load(paths)
	s.must(err)
	pepper = held.Peppers[0]
	s.timed("storing tokens and keys", func() { s.fill(s.pool) })
	s.timed("learning what a log tells of them", func() { s.teach(s.store) })
	s.tell("the database", "GB", s.number("SELECT pg_database_size(current_database())::float8")/gigabyte)

	s.must(s.exec("CREATE ROLE scale LOGIN PASSWORD 'scale' IN ROLE tokenstate_authapi"))
	login, err := url.Parse(address)
	s.must(err)
	login.User = url.UserPassword("scale", "scale")
	s.kept = filepath.Join(s.TempDir(), "kept")
	s.settings = []string{
		"DATABASE_URL=" + login.String(), "AUTHAPI_SNAPSHOT_PATH=" + s.kept,
		"KEYCLOAK_URL=http://127.0.0.1:9", "KEYCLOAK_REALM=demo", "KEYCLOAK_CLIENT_ID=" + clientID, "KEYCLOAK_CLIENT_SECRET=none",
		"AUTHAPI_KEYSET_FILE=" + paths.Keyset, "AUTHAPI_PEPPER_FILE=" + paths.Pepper, "AUTHAPI_MASTER_FILE=" + paths.Master, "AUTHAPI_SNAPSHOT_FILE=" + paths.Snapshot,
	}
	s.credential = s.serviceKey(address)
}

// serviceKey is the credential that verdicts are asked for with.
func (s *scale) serviceKey(address string) string {
	s.Helper()
	c := exec.CommandContext(s.Context(), s.binary, "service-keys", "add", "--name", "scale", "--realm", "demo", "--scope", "all", "--force")
	c.Env = append(append(devstack.CleanEnv(), s.settings...), "DATABASE_URL="+address)
	out, err := c.Output()
	s.must(err)
	return strings.TrimSpace(string(out))
}

// starts has authapi come to answers.
func (s *scale) starts(from string) {
	s.Helper()
	s.timed("authapi started, until ready, "+from, func() {
		s.api = s.authapi(s.binary, s.settings...)
		s.api.ready()
	})
	s.backend = play.BackendOf(devstack.Env{AuthapiURL: s.api.url, AuthapiServiceKey: s.credential})
	now, most := s.api.memory()
	s.tell("memory of that process", "GB", now/gigabyte)
	s.tell("the most that it has had", "GB", most/gigabyte)
	s.tell("processor time of that process", "s", s.api.processorSeconds())
}

// early are users who have a key, of the first half, which nothing happens to but what happens to all.
func (s *scale) early(i int) int { return i * 7919 % (s.n / 4) * 2 }

// answers asks about keys and tokens.
func (s *scale) answers(when string, state tokenstate.State, status int) {
	s.Helper()
	const asked = 1000
	took, users := make([]float64, 0, asked), make([]int, 0, asked)
	for i := range asked {
		user := s.early(i)
		users = append(users, user)
		a, err := s.backend.Me(s.Context(), keyOf(user).Text().Reveal())
		s.must(err)
		if a.Status != status {
			s.Fatalf("the key of user %d %s: %d %v, want %d", user, when, a.Status, a.Body, status)
		}
		took = append(took, float64(a.Took.Microseconds())/1000)
	}
	s.tell("the first key "+when, "ms", took[0])
	s.lateOf("a key "+when, took)
	began := time.Now()
	for i, v := range s.verdicts(users) {
		if v.State != state.String() {
			s.Fatalf("the token of user %d %s: %+v, want %s", users[i], when, v, state)
		}
	}
	s.tell("a thousand tokens in one call "+when, "ms", float64(time.Since(began).Microseconds())/1000)
}

func (s *scale) verdicts(users []int) []play.Verdict {
	s.Helper()
	var qs []play.Question
	for _, i := range users {
		t := s.token(i)
		qs = append(qs, play.Question{User: t.User, Client: t.ClientID, Session: t.Session, IssuedAt: int64(t.IssuedAt)})
	}
	vs, err := s.backend.Decide(s.Context(), qs)
	s.must(err)
	return vs
}

// lateOf tells the middle and the slowest hundredth of times.
func (s *scale) lateOf(what string, took []float64) {
	s.Helper()
	slices.Sort(took)
	s.tell(what+", p50", "ms", took[len(took)/2])
	s.tell(what+", p99", "ms", took[len(took)*99/100])
}

// keeps waits for the first snapshot on disk.
func (s *scale) keeps() {
	s.Helper()
	var file os.FileInfo
	s.timed("the first snapshot on disk", func() {
		for err := os.ErrNotExist; err != nil; _ = pause.For(s.Context(), 50*time.Millisecond) {
			s.must(s.Context().Err())
			file, err = os.Stat(s.kept)
		}
	})
	s.tell("the snapshot on disk", "GB", float64(file.Size())/gigabyte)
	s.must(os.Link(s.kept, s.first())) // a later one takes its name, and leaves it as it is
}

// first is the name of the first snapshot, which knows of no changes.
func (s *scale) first() string { return s.kept + ".first" }

func (s *scale) exec(sql string) error {
	_, err := s.pool.Exec(s.Context(), sql)
	return err
}

func (s *scale) number(sql string) (n float64) {
	s.Helper()
	s.must(s.pool.QueryRow(s.Context(), sql).Scan(&n))
	return n
}
