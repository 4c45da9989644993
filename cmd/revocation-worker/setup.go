package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// keepEvents is how long event rows are kept at least, unless they are kept for ever: longer than
// any outage that somebody sleeps through.
const keepEvents = 7 * 24 * time.Hour

func setupCommand() *cli.Command {
	return keycloakCommand("setup", "make schema, stream, the worker's client and a realm's event settings what they must be; a second run changes nothing", []cli.Flag{
		&cli.BoolFlag{Name: "canary", Usage: "make the canary's client and user in the realm, too: CANARY_CLIENT_SECRET and CANARY_PASSWORD say with what"},
		&cli.BoolFlag{Name: "console", Usage: "make the console's client and its roles, too: CONSOLE_URL and CONSOLE_CLIENT_SECRET say for what"},
	}, makeSetup, "NATS_URL", "KEYCLOAK_REALM", "KEYCLOAK_ADMIN", "KEYCLOAK_ADMIN_PASSWORD", "WORKER_KEYCLOAK_CLIENT_ID",
		"WORKER_KEYCLOAK_CLIENT_SECRET")
}

// keycloakCommand is an operator's command that asks Keycloak, too, and can do nothing without the settings of must.
func keycloakCommand(name, usage string, flags []cli.Flag, do func(context.Context, *cli.Command, *operator) error,
	must ...string,
) *cli.Command {
	return operatorCommandWith(name, "", usage, flags, func(o *operator, t *settings.Table) {
		t.Int(&o.replicas, "NATS_REPLICAS", 1, 1, 5, "of the stream, when setup makes it; one that stands keeps its replicas")
		o.AddKeycloak(t)
		o.AddRules(t)
		t.Text(&o.administrator, "KEYCLOAK_ADMIN", "", "an administrator of the administrators' realm; for setup only")
		t.Secret(&o.administratorPassword, "KEYCLOAK_ADMIN_PASSWORD", "the administrator's password; for setup only")
		t.URL(&o.consoleURL, "CONSOLE_URL", true, "where people open the console; for setup --console")
		t.Text(&o.consoleClient, "CONSOLE_CLIENT_ID", "tokenstate-console", "the console's client; for setup --console")
		t.Secret(&o.consoleSecret, "CONSOLE_CLIENT_SECRET", "its secret; for setup --console")
		addCanaryUser(t, &o.canary, &o.canaryDisable, "; for setup --canary")
		t.Must(must...)
	}, do)
}

// step is one thing that setup made right, or found so.
type step struct {
	What    string `json:"what"`
	Changed string `json:"changed"`
}

// setup is one run of it.
type setup struct {
	*operator
	steps                   []step
	withConsole, withCanary bool
}

func (s *setup) did(what string, changed []string) {
	s.steps = append(s.steps, step{what, strings.Join(changed, " ")})
}

func makeSetup(ctx context.Context, cmd *cli.Command, o *operator) error {
	s := &setup{operator: o, withConsole: cmd.Bool("console"), withCanary: cmd.Bool("canary")}
	if s.withConsole && (o.consoleURL == "" || o.consoleSecret.Empty()) {
		return fmt.Errorf("%w: --console needs CONSOLE_URL, where people open the console, and CONSOLE_CLIENT_SECRET", ops.ErrUsage)
	}
	if s.withCanary && (o.canary.ClientSecret.Empty() || o.canary.Password.Empty()) {
		return fmt.Errorf("%w: --canary needs CANARY_CLIENT_SECRET and CANARY_PASSWORD: choose them, and give them to the canary", ops.ErrUsage)
	}
	err := s.all(ctx)
	if outErr := ops.Output(cmd, s.steps, func(w io.Writer) {
		for _, one := range s.steps {
			if one.Changed == "" {
				one.Changed = "nothing to change"
			}
			ops.Row(w, one.What, one.Changed)
		}
	}); err == nil {
		err = outErr
	}
	return err
}

// all does one part after another: what was done is shown also when the next one fails.
func (s *setup) all(ctx context.Context) error {
	if err := s.schema(ctx); err != nil {
		return err
	}
	if err := s.stream(ctx); err != nil {
		return err
	}
	k, err := keycloak.NewSetup(ctx, s.KeycloakURL, s.administrator, s.administratorPassword)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, *keycloak.Setup) error{s.client, s.events, s.listeners, s.optional} {
		if err := part(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (s *setup) schema(ctx context.Context) error {
	before, want, err := postgres.SchemaVersion(ctx, s.Database.Reveal())
	if err != nil {
		return err
	}
	if err := postgres.MigrateURL(ctx, s.Database.Reveal()); err != nil {
		return err
	}
	var changed []string
	if before < want {
		changed = []string{fmt.Sprintf("from %d to %d", before, want)}
	}
	s.did("schema", changed)
	return nil
}

func (s *setup) stream(ctx context.Context) error {
	log, err := s.Log(ctx, s.logger)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(ctx, workerconfig.PublishLimit)
	defer cancel()
	before, err := log.Settings(ctx)
	missing := err != nil
	if err := log.EnsureStream(ctx, s.replicas); err != nil {
		return err
	}
	after, err := log.Settings(ctx)
	if err != nil {
		return err
	}
	var changed []string
	if missing {
		changed = []string{"made"}
	} else if fmt.Sprint(before) != fmt.Sprint(after) {
		changed = []string{"settings"}
	}
	s.did("stream", changed)
	return nil
}
