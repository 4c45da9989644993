package devstack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

// pgTemplate is what a Keycloak's first start has made of an empty Postgres database: its tables and the
// master realm. Restoring it takes a second or two, where Keycloak takes half a minute of CPU.
type pgTemplate struct {
	dir  string // in the cached distribution, whose version and options it belongs to
	bin  string // of the server's own version; "": the server is not ours, and there is no template
	url  string // of Keycloak's database, without the password
	pass string
	word string // file of the administrator's password
}

func (s *Stack) pgTemplate(h keycloakHome) (pgTemplate, error) {
	t := pgTemplate{dir: h.template(), word: filepath.Join(h.template(), "password")}
	u, err := url.Parse(s.Env.DatabaseURL)
	if err != nil || u.User == nil {
		return t, errNoUser
	}
	t.pass, _ = u.User.Password()
	u.Path, u.User = "/"+keycloakDatabase, url.User(u.User.Username())
	t.url = u.String()
	if s.Env.PostgresPID != 0 && hasTools(s.postgresDir) {
		t.bin = s.postgresDir
	}
	return t, nil
}

func hasTools(bin string) bool {
	for _, tool := range []string{"pg_dump", "psql"} {
		if _, err := os.Stat(filepath.Join(bin, tool)); err != nil {
			return false
		}
	}
	return true
}

func (t pgTemplate) dump() string { return filepath.Join(t.dir, "keycloak.sql") }

// restore fills the empty database and gives the administrator's password, "" if there is no template yet.
func (t pgTemplate) restore(ctx context.Context) (password string, err error) {
	word, err := os.ReadFile(t.word)
	if t.bin == "" || errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return string(word), t.run(ctx, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.DevNull, "-f", t.dump())
}

// keep takes the template from a database on which a Keycloak has just started for the first time. The
// password comes last: without it, there is no template. Members of a cluster are not kept.
func (t pgTemplate) keep(ctx context.Context, password string) error {
	if t.bin == "" {
		return nil
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(t.dir, "new") // another stack may do the same beside us
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	dump, word := filepath.Join(work, "dump"), filepath.Join(work, "word")
	if err := t.run(ctx, "pg_dump", "--no-owner", "--exclude-table-data=jgroups_ping", "-f", dump); err != nil {
		return err
	}
	if err := os.WriteFile(word, []byte(password), 0o600); err != nil {
		return err
	}
	turn, err := waitLock(ctx, filepath.Join(t.dir, "lock"))
	if err != nil {
		return err
	}
	defer func() { _ = turn.Close() }()
	if _, err := os.Stat(t.word); err == nil {
		return nil // they were first
	}
	return errors.Join(os.Rename(dump, t.dump()), os.Rename(word, t.word))
}

func (t pgTemplate) run(ctx context.Context, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(t.bin, tool), append(args, "-d", t.url)...) //nolint:gosec // the server's own tools
	cmd.Env = append(cleanEnv(), "PGPASSWORD="+t.pass)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.400s", tool, err, out)
	}
	return nil
}
