package settings_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// program has two commands, of which each has a setting that the other lacks.
func program(database *secret.Text) *cli.Command {
	nothing := func(context.Context, *cli.Command) error { return nil }
	var sweep, id string
	run, list := settings.New("WORKER_"), settings.New("WORKER_")
	run.Text(&sweep, "WORKER_SWEEP", "", "how often")
	run.Text(&id, "WORKER_ID", "", "who")
	run.MustIf(func(value func(string) string) bool { return value("WORKER_ID") != "" }, "WORKER_SWEEP")
	list.Database(database)
	list.Text(&id, "WORKER_ID", "", "who")
	list.Flag("WORKER_ID", "who")
	list.Must("WORKER_ID")
	return &cli.Command{Name: "worker", Commands: []*cli.Command{
		run.On(&cli.Command{Name: "run", Action: nothing}), list.On(&cli.Command{Name: "list", Action: nothing}),
	}}
}

// Ensure one file serves all commands of a program, and a name of none is still a fault.
func TestOneFileForAllCommands(t *testing.T) {
	t.Setenv("PGHOST", "db.example")
	t.Setenv("DATABASE_URL", "") // which make test sets, and which would win over the file
	t.Setenv("WORKER_CONFIG", file(t, "worker_sweep: 6h\nworker_id: a\ndatabase_url: postgres://db.example\n"))
	var database secret.Text
	for _, command := range []string{"run", "list"} {
		if err := program(&database).Run(t.Context(), []string{"worker", command}); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if database.Reveal() != "postgres://db.example" {
		t.Error("the file's database is not taken")
	}
	t.Setenv("WORKER_CONFIG", file(t, "worker_sweeep: 6h\n"))
	if err := program(&database).Run(t.Context(), []string{"worker", "list"}); err == nil || !strings.Contains(err.Error(), "WORKER_SWEEEP") {
		t.Errorf("a misspelt name: %v", err)
	}
}

// Ensure all that is missing is named at once, and what is not needed is not.
func TestMissingAtOnce(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "DATABASE_URL"} {
		t.Setenv(name, "")
	}
	var database secret.Text
	err := program(&database).Run(t.Context(), []string{"worker", "list"})
	for _, name := range []string{"WORKER_ID is not set", "DATABASE_URL is not set"} {
		if !errors.Is(err, settings.ErrConfiguration) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not in: %v", name, err)
		}
	}
	t.Setenv("PGDATABASE", "tokenstate")
	if err := program(&database).Run(t.Context(), []string{"worker", "list", "--who", "a"}); err != nil {
		t.Errorf("libpq names the database: %v", err)
	}
	if err := program(&database).Run(t.Context(), []string{"worker", "run"}); err != nil {
		t.Errorf("nothing is needed: %v", err)
	}
	if err := program(&database).Run(t.Context(), []string{"worker", "run", "--id", "a"}); err == nil || !strings.Contains(err.Error(), "WORKER_SWEEP is not set") {
		t.Errorf("one setting needs another: %v", err)
	}
}
