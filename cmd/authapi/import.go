package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/openhands"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// importer is what an import can be told.
type importer struct {
	config
	source, secrets secret.Text
	dry, revoke     bool
}

func importCommand() *cli.Command {
	var c importer
	table := settings.New("AUTHAPI_")
	c.logging.AddTo(table)
	table.Database(&c.database)
	addFiles(table, &c.files)
	addKeycloak(table, &c.config, false)
	addOpenHands(table, &c.source)
	table.Secret(&c.secrets, "OPENHANDS_SECRETS", "what OpenHands encrypts under: its JWT_SECRET, or the content of its file .keys")
	flags := []cli.Flag{
		ops.OutputFlag(), fromFlag(),
		&cli.BoolFlag{Name: "dry-run", Usage: "read and try everything, keep nothing; exit code 3 if there is something to do"},
		&cli.BoolFlag{Name: "revoke-missing", Usage: "revoke imported keys that OpenHands has deleted since"},
	}
	flags = append(flags, auditFlags()...)
	return &cli.Command{
		Name: "import", Usage: "take over what another system keeps",
		Commands: []*cli.Command{table.On(&cli.Command{
			Name: "openhands", Usage: "API keys and offline tokens of an OpenHands database", Flags: flags,
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if err := from(cmd, &c.source); err != nil {
					return err
				}
				c.dry, c.revoke = cmd.Bool("dry-run"), cmd.Bool("revoke-missing")
				r, err := c.run(ctx, cmd)
				if err != nil {
					return err
				}
				if err := ops.Output(cmd, r, func(w io.Writer) { importTable(w, r) }); err != nil {
					return err
				}
				if r.Differs() {
					return ops.ErrDifferences
				}
				return nil
			},
		})},
	}
}

// addOpenHands and from name the database that is only read. A flag is seen by everybody on the
// machine, so a password may not come that way.
func addOpenHands(t *settings.Table, into *secret.Text) {
	t.Secret(into, "OPENHANDS_DATABASE_URL", "Postgres of OpenHands; it is only read")
}

func fromFlag() cli.Flag {
	return &cli.StringFlag{Name: "from", Usage: "instead of OPENHANDS_DATABASE_URL, if it holds no password"}
}

func from(cmd *cli.Command, into *secret.Text) error {
	if url := cmd.String("from"); url != "" {
		if openhands.HasPassword(url) {
			return fmt.Errorf("%w: --from holds a password, which everybody on this machine can read: use OPENHANDS_DATABASE_URL or OPENHANDS_DATABASE_URL_FILE", ops.ErrUsage)
		}
		*into = secret.New(url)
	}
	if into.Empty() {
		return fmt.Errorf("%w: set OPENHANDS_DATABASE_URL, or --from", settings.ErrConfiguration)
	}
	return nil
}

func (c *importer) run(ctx context.Context, cmd *cli.Command) (r openhands.Report, err error) {
	logger := c.logging.Logger("authapi")
	held, err := secrets(c.files, logger)
	if err != nil {
		return r, err
	}
	opens, err := openhands.ParseSecrets([]byte(c.secrets.Reveal()))
	if err != nil {
		return r, fmt.Errorf("%w: OPENHANDS_SECRETS: %w", settings.ErrConfiguration, err)
	}
	pool, err := open(ctx, c.database, state.Operating())
	if err != nil {
		return r, err
	}
	defer pool.Close()
	reads, err := c.reader(ctx, logger)
	if err != nil {
		return r, err
	}
	source, err := openhands.Open(ctx, c.source)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, source.Close(context.WithoutCancel(ctx))) }()
	keys, tokens, err := source.Size(ctx)
	if err != nil {
		return r, err
	}
	at, done := ops.Progress("rows", keys+tokens, logger)
	defer done()
	m := &openhands.Import{
		From: source, To: adapters.OpenHands{Keys: postgres.New(pool), State: state.New(pool), Vault: held.Tokens}, Realm: c.realm,
		Pepper:  held.Peppers[0],
		Secrets: opens, Dry: c.dry, Revoke: c.revoke,
		Read: func(ctx context.Context, raw secret.Text) (openhands.Opened, error) {
			return read(ctx, reads, c.realm, raw)
		},
		Progress: func(table string, rows int64) {
			if table == "offline_tokens" {
				rows += keys
			}
			at(rows)
		},
	}
	if r, err = m.Run(ctx); c.dry {
		return r, err
	}
	what := &act{"import openhands", c.realm, fmt.Sprintf("%d keys, %d tokens, %d users disabled, %d keys revoked",
		r.Keys.Added+r.Keys.Changed, r.Tokens.Added, r.DisabledNow, r.Revoked)}
	return r, written(ctx, cmd, postgres.New(pool), what, err)
}

// reader is the part of authapi that says which tokens are ours. Keycloak is asked for its issuer
// once; while it is away issuers are not compared, as when a token is stored.
func (c *importer) reader(ctx context.Context, logger zerolog.Logger) (tokens.Reader, error) {
	app, err := keycloak.NewApp(keycloak.Config{BaseURL: c.keycloakURL, Realm: c.realm, ClientID: c.clientID, ClientSecret: c.clientSecret})
	if err != nil {
		return tokens.Reader{}, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	p := adapters.Provider{App: app, KnownAs: c.issuer}
	issuer, err := p.Issuer(ctx)
	if err != nil {
		logger.Warn().Err(err).Msg("the realm's issuer is not known: tokens are told by their client only")
	}
	return tokens.Reader{Realms: idp.Realms{c.realm: {ClientID: c.clientID, Keycloak: knownIssuer{p, issuer, err}}}, Clock: time.Now}, nil
}

type knownIssuer struct {
	adapters.Provider
	issuer string
	err    error
}

func (k knownIssuer) Issuer(context.Context) (string, error) { return k.issuer, k.err }

// read gives a refusal as its reason: a report is read by people and programs.
func read(ctx context.Context, r tokens.Reader, realm string, raw secret.Text) (openhands.Opened, error) {
	g, err := r.Adopt(ctx, realm, raw)
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return openhands.Opened{}, errors.New(p.Reason)
	}
	return openhands.Opened{Token: g.Token, Text: g.Text, Scope: g.Scope}, err
}

func importTable(w io.Writer, r openhands.Report) {
	ops.Row(w, "TABLE", "READ", "ADDED", "CHANGED", "UNCHANGED", "SKIPPED", "ROWS/S")
	for _, t := range []struct {
		name string
		openhands.Tally
	}{{"api_keys", r.Keys}, {"offline_tokens", r.Tokens}} {
		ops.Row(w, t.name, t.Read, t.Added, t.Changed, t.Unchanged, t.Skipped, t.PerSecond)
	}
	for _, s := range r.Skipped {
		ops.Row(w, "skipped", s.Table, s.ID, s.Reason)
	}
	if r.Missing > 0 {
		ops.Row(w, fmt.Sprintf("%d imported keys are gone from OpenHands, %d of them are revoked now (--revoke-missing)", r.Missing, r.Revoked))
	}
	if r.Disabled > 0 {
		ops.Row(w, fmt.Sprintf("OpenHands has disabled %d of the users, %d of them were not disabled here yet", r.Disabled, r.DisabledNow))
	}
	if r.DryRun {
		ops.Row(w, "nothing was kept: this was a dry run")
	}
}
