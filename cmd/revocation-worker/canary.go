package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/canary"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// canaryConfig is what the canary can be told.
type canaryConfig struct {
	logging            ops.Logging
	keycloakURL, realm string
	user               keycloak.CanaryUser
	disable            string
	authapiURL         string
	serviceKey         secret.Text
	interval, patience time.Duration
	adminAddr          string
}

func canaryCommand() *cli.Command {
	var c canaryConfig
	t := settings.New("CANARY_")
	c.logging.AddTo(t)
	t.URL(&c.keycloakURL, "KEYCLOAK_URL", false, "Keycloak, such as https://id.example.com")
	t.Text(&c.realm, "KEYCLOAK_REALM", "", "the realm that is watched, by Keycloak's own name")
	t.Flag("KEYCLOAK_REALM", "realm")
	addCanaryUser(t, &c.user, &c.disable, "")
	t.URL(&c.authapiURL, "AUTHAPI_URL", false, "authapi")
	t.Secret(&c.serviceKey, "AUTHAPI_SERVICE_KEY", "a service credential of that realm with the scopes "+canaryScopes)
	t.Duration(&c.interval, "CANARY_INTERVAL", 5*time.Minute, time.Second, 24*time.Hour, "how often a round is played")
	t.Duration(&c.patience, "CANARY_PATIENCE", 30*time.Second, time.Second, 10*time.Minute, "how long an answer may take to follow what happened in Keycloak")
	t.Text(&c.adminAddr, "CANARY_ADMIN_ADDR", "127.0.0.1:9093", "address of /livez, /readyz and /metrics")
	t.Must("KEYCLOAK_REALM", "CANARY_CLIENT_SECRET", "CANARY_PASSWORD", "AUTHAPI_SERVICE_KEY")
	return t.On(&cli.Command{
		Name: "canary", Usage: "log a user of its own in and out, again and again, and see that authapi says what Keycloak says; metrics tell",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "once", Usage: "play one round and show its stages; exit code 3 if one fails"}, ops.OutputFlag()},
		Action: func(ctx context.Context, cmd *cli.Command) error { return runCanary(ctx, cmd, &c) },
	})
}

const canaryScopes = "tokens:write, keys and decide"

// addCanaryUser adds who the canary is; setup makes whom the canary is.
func addCanaryUser(t *settings.Table, u *keycloak.CanaryUser, disable *string, only string) {
	t.Text(&u.ClientID, "CANARY_CLIENT_ID", "tokenstate-canary", "the canary's client in its realm"+only)
	t.Secret(&u.ClientSecret, "CANARY_CLIENT_SECRET", "that client's secret"+only)
	t.Text(&u.Name, "CANARY_USER", "tokenstate-canary", "the canary's user"+only)
	t.Secret(&u.Password, "CANARY_PASSWORD", "that user's password"+only)
	t.Choice(disable, "CANARY_DISABLE", []string{"off", "on"}, "on: the user is disabled and enabled in each round, too; the client's service account needs manage-users for it"+only)
	for name, flag := range map[string]string{
		"CANARY_CLIENT_ID": "canary-client-id", "CANARY_USER": "canary-user",
		"CANARY_DISABLE": "canary-disable",
	} {
		t.Flag(name, flag) // one name in setup and here
	}
}

func runCanary(ctx context.Context, cmd *cli.Command, c *canaryConfig) error {
	logger := c.logging.Logger("canary")
	app, err := keycloak.NewApp(keycloak.Config{
		BaseURL: c.keycloakURL, Realm: c.realm, ClientID: c.user.ClientID,
		ClientSecret: c.user.ClientSecret,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	api, err := client.New(c.authapiURL, client.WithServiceKey(c.serviceKey.Reveal()))
	if err != nil {
		return fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	bird := &canary.Canary{
		Keycloak: canary.User{App: app, Name: c.user.Name, Password: c.user.Password}, Authapi: api, Patience: c.patience,
		Disables: c.disable == "on",
	}
	if cmd.Bool("once") {
		return once(ctx, cmd, bird)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(ops.BuildInfo("canary"))
	measures := canary.NewMeasures(registry)
	all, ctx := errgroup.WithContext(ctx)
	a := &ops.Admin{Gatherer: registry}
	context.AfterFunc(ctx, a.Stopping)
	all.Go(func() error { return ops.Serve(ctx, c.adminAddr, a.Handler()) })
	all.Go(func() error { return bird.Watch(ctx, c.interval, measures, logger) })
	logger.Info().Str("admin", c.adminAddr).Str("version", ops.Built(schema.Version)).Str("keycloak", c.keycloakURL).
		Str("authapi", c.authapiURL).Msg("started")
	return all.Wait()
}

// stage is a stage as it is shown.
type stage struct {
	Stage string `json:"stage"`
	Took  string `json:"took"`
	Fault string `json:"fault,omitempty"`
}

func once(ctx context.Context, cmd *cli.Command, bird *canary.Canary) error {
	stages := bird.Round(ctx)
	closed := bird.Close(context.WithoutCancel(ctx))
	var shown []stage
	for _, s := range stages {
		line := stage{Stage: s.Name, Took: s.Took.Round(time.Millisecond).String()}
		if s.Fault != nil {
			line.Fault = s.Fault.Error()
		}
		shown = append(shown, line)
	}
	err := ops.Output(cmd, shown, func(w io.Writer) {
		for _, s := range shown {
			ops.Row(w, s.Stage, s.Took, s.Fault)
		}
	})
	if err == nil && canary.Fault(stages) != nil {
		err = fmt.Errorf("%w: see the stage that failed", ops.ErrDifferences)
	}
	if err == nil {
		err = closed
	}
	return err
}
