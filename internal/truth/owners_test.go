//go:build truth

package truth

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// everybody holds something, and is known as they are listed.
type everybody struct{ messages int }

func (*everybody) ClientsIn(string) []string { return nil }
func (*everybody) Holds(string, string) bool { return true }
func (*everybody) PageTells(string, string, tokenstate.PageUser, tokenstate.Millis) (tell, ask bool) {
	return false, false
}

// Publish implements worker.Publisher.
func (e *everybody) Publish(context.Context, events.Message) error {
	e.messages++
	return nil
}

// Ensure that finding all owners again costs Keycloak few requests and statements, and names exactly
// those who have vanished from its table without an event.
func TestOwnersAtScale(t *testing.T) {
	n := int(number("SWEEP_SESSIONS", 0))
	if n == 0 {
		t.Skip("SWEEP_SESSIONS says how many: run `make sweep-scale`")
	}
	t.Setenv("DATABASE_URL", "") // a stack of its own
	root, err := filepath.Abs("../..")
	must(t, err)
	s, err := devstack.Start(t.Context(), devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "owners"), OnPostgres: true, Throwaway: true, Measured: true})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	for _, part := range []string{"worker", "authapi"} {
		must(t, s.Kill(part, syscall.SIGTERM))
	}
	ctx := t.Context()
	k := play.KeycloakOf(s.Env)
	model, err := k.NewUser(ctx, "model")
	must(t, err)
	_, err = k.Grant(ctx, "app", "model", play.Offline)
	must(t, err)
	database := strings.Replace(s.Env.DatabaseURL, "/tokenstate?", "/keycloak?", 1)
	insert(t, database, crowd, fmt.Sprint(n), "'"+model+"'")
	const user = "00000000-0000-4000-8000-%012d"
	insert(t, database, `DELETE FROM user_role_mapping WHERE user_id LIKE '00000000-0000-4000-8000-%0005'; DELETE FROM user_entity WHERE id LIKE '00000000-0000-4000-8000-%0005'`)
	var held []string
	want := 0
	for x := 1; x <= n; x++ {
		held = append(held, fmt.Sprintf(user, x))
		if x%10_000 == 5 {
			want++
		}
	}
	counter := counting(t, s.Env.KeycloakURL)
	admin, err := keycloak.NewAdmin(keycloak.Config{
		BaseURL: counter.url, ClientID: s.Env.WorkerClientID, ClientSecret: secret.New(s.Env.WorkerClientSecret), Timeout: 20 * time.Second,
	})
	must(t, err)
	for _, c := range []struct {
		name string
		keys worker.Keyed
		list func(p *worker.Pages) (missing int, err error)
	}{
		{"owners by key", asking.Inside{Resource: admin.Resource()}, func(p *worker.Pages) (int, error) { return p.Owners(ctx, s.Env.KeycloakRealm, held) }},
		{"few owners by key", asking.Inside{Resource: admin.Resource()}, func(p *worker.Pages) (int, error) {
			return p.Owners(ctx, s.Env.KeycloakRealm, []string{held[1], held[n/2], held[n-1]})
		}},
		{"users by key", asking.Inside{Resource: admin.Resource()}, func(p *worker.Pages) (int, error) { return 0, p.List(ctx, s.Env.KeycloakRealm, true) }},
		{"users by rows, over the admin API", nil, func(p *worker.Pages) (int, error) { return 0, p.List(ctx, s.Env.KeycloakRealm, true) }},
	} {
		e := &everybody{}
		p := &worker.Pages{Known: e, Ask: everyUser{asking.Pager{Admin: admin}}, Keys: c.keys, Log: e, Logger: zerolog.Nop()}
		before, began := counter.total(), time.Now()
		statements := statementsOf(t, database)
		missing, err := c.list(p)
		must(t, err)
		fmt.Printf("%s: users=%d requests=%d statements=%d seconds=%.1f missing=%d messages=%d\n", c.name, n, counter.total()-before, //nolint:forbidigo // what the target prints
			statementsOf(t, database)-statements, time.Since(began).Seconds(), missing, e.messages)
		if c.name == "owners by key" && (missing != want || e.messages > 0 || counter.total()-before > int64(n/1000+5)) {
			t.Errorf("%d missing, want %d; %d messages, %d requests", missing, want, e.messages, counter.total()-before)
		}
	}
}

// everyUser lists all users where the disabled are meant: as much as the pages by key.
type everyUser struct{ asking.Pager }

func (p everyUser) Users(ctx context.Context, realm string, first, limit int, _ bool) (worker.Page, error) {
	return p.Pager.Users(ctx, realm, first, limit, false)
}

// statementsOf counts what a database has executed, our own question left out of the next difference.
func statementsOf(t *testing.T, database string) (n int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	must(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	must(t, err)
	must(t, conn.QueryRow(t.Context(), `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'keycloak' AND query NOT LIKE '%pg_stat%'`).Scan(&n))
	return n
}
