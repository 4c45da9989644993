package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/doctor"
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

func makeSetup(ctx context.Context, cmd *cli.Command, o *operator) error {
	var steps []step
	did := func(what string, changed []string) {
		steps = append(steps, step{what, strings.Join(changed, " ")})
	}
	withConsole := cmd.Bool("console")
	if withConsole && (o.consoleURL == "" || o.consoleSecret.Empty()) {
		return fmt.Errorf("%w: --console needs CONSOLE_URL, where people open the console, and CONSOLE_CLIENT_SECRET", ops.ErrUsage)
	}
	withCanary := cmd.Bool("canary")
	if withCanary && (o.canary.ClientSecret.Empty() || o.canary.Password.Empty()) {
		return fmt.Errorf("%w: --canary needs CANARY_CLIENT_SECRET and CANARY_PASSWORD: choose them, and give them to the canary", ops.ErrUsage)
	}
	err := o.setUp(ctx, withConsole, withCanary, did)
	if outErr := ops.Output(cmd, steps, func(w io.Writer) {
		for _, s := range steps {
			if s.Changed == "" {
				s.Changed = "nothing to change"
			}
			ops.Row(w, s.What, s.Changed)
		}
	}); err == nil {
		err = outErr
	}
	return err
}

func (o *operator) setUp(ctx context.Context, withConsole, withCanary bool, did func(what string, changed []string)) error {
	before, want, err := postgres.SchemaVersion(ctx, o.Database.Reveal())
	if err != nil {
		return err
	}
	if err := postgres.MigrateURL(ctx, o.Database.Reveal()); err != nil {
		return err
	}
	var changed []string
	if before < want {
		changed = []string{fmt.Sprintf("from %d to %d", before, want)}
	}
	did("schema", changed)
	if err := o.setUpLog(ctx, did); err != nil {
		return err
	}
	return o.setUpKeycloak(ctx, withConsole, withCanary, did)
}

func (o *operator) setUpLog(ctx context.Context, did func(string, []string)) error {
	log, err := o.Log(ctx, o.logger)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(ctx, workerconfig.PublishLimit)
	defer cancel()
	before, err := log.Settings(ctx)
	missing := err != nil
	if err := log.EnsureStream(ctx, o.replicas); err != nil {
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
	did("stream", changed)
	return nil
}

func (o *operator) setUpKeycloak(ctx context.Context, withConsole, withCanary bool, did func(string, []string)) error {
	s, err := keycloak.NewSetup(ctx, o.KeycloakURL, o.administrator, o.administratorPassword)
	if err != nil {
		return err
	}
	made, err := s.Worker(ctx, o.ClientID, o.ClientSecret)
	if err != nil {
		return err
	}
	var changed []string
	if made {
		changed = []string{"made"}
	}
	did("the worker's client", changed)
	for _, g := range []struct {
		realm string
		roles []string
	}{{o.realm, doctor.Roles}, {o.AdminRealm, []string{"view-events"}}} {
		given, err := s.Grant(ctx, o.ClientID, g.realm, g.roles)
		if err != nil {
			return err
		}
		did("its roles on realm "+g.realm, given)
	}
	read, err := s.Reader(ctx, o.ClientID)
	if err != nil {
		return err
	}
	did("its role for the jar's read-only resource", read)
	want := keycloak.EventSettings{Types: doctor.Types, UserExpiry: keepEvents, AdminExpiry: keepEvents}
	saved, err := s.SaveEvents(ctx, o.realm, want)
	if err != nil {
		return err
	}
	did("events of realm "+o.realm, saved)
	if saved, err = s.SaveAdminEvents(ctx, o.AdminRealm, keepEvents); err != nil {
		return err
	}
	did("admin events of realm "+o.AdminRealm, saved)
	for _, realm := range []string{o.realm, o.AdminRealm} {
		listed, err := s.Listen(ctx, realm)
		if err != nil {
			return err
		}
		did("the listener of realm "+realm, listed)
	}
	if withCanary {
		o.canary.Disables = o.canaryDisable == "on"
		made, err := s.Canary(ctx, o.realm, o.canary)
		if err != nil {
			return err
		}
		did("the canary's client and user", made)
	}
	if !withConsole {
		return nil
	}
	console, err := s.Console(ctx, o.consoleClient, o.consoleSecret, o.consoleURL+"/login/callback")
	did("the console's client", console)
	return err
}
