package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

func secretsCommand() *cli.Command {
	var p vault.Paths
	table := settings.New("AUTHAPI_SECRETS_")
	addFiles(table, &p)
	return &cli.Command{
		Name: "secrets", Usage: "the files of secrets that authapi needs",
		Commands: []*cli.Command{{
			Name: "generate", Usage: "make the four files; never overwrites one", Flags: table.Flags(),
			Action: func(_ context.Context, cmd *cli.Command) error {
				if err := table.Load(cmd); err != nil {
					return err //nolint:wrapcheck // it says all that is wrong
				}
				if slices.Contains([]string{p.Keyset, p.Pepper, p.Master, p.Snapshot}, "") {
					return fmt.Errorf("%w: set AUTHAPI_KEYSET_FILE, AUTHAPI_PEPPER_FILE, AUTHAPI_MASTER_FILE and AUTHAPI_SNAPSHOT_FILE to where the files shall be", settings.ErrConfiguration)
				}
				return vault.Generate(p) //nolint:wrapcheck // it says what to do
			},
		}, checkCommand(), rotateCommand(), resealCommand()},
	}
}

func serviceKeysCommand() *cli.Command {
	var p vault.Paths
	var database secret.Text
	table := settings.New("AUTHAPI_SERVICE_KEYS_")
	addDatabase(table, &database)
	addFiles(table, &p)
	flags := append(table.Flags(),
		&cli.StringFlag{Name: "name", Usage: "what logs call it", Required: true},
		&cli.StringFlag{Name: "realm", Usage: "the one realm that it may act in", Required: true},
		&cli.StringSliceFlag{Name: "scope", Usage: "what it may do; repeat it; all for everything", Required: true},
		&cli.StringSliceFlag{Name: "org", Usage: "organization that it is limited to; repeat it"})
	return &cli.Command{
		Name: "service-keys", Usage: "credentials of backends",
		Commands: []*cli.Command{{
			Name: "add", Usage: "make one and print it, once; only a digest is kept", Flags: flags, Description: table.Description(),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if err := table.Load(cmd); err != nil {
					return err //nolint:wrapcheck // it says all that is wrong
				}
				return addServiceKey(ctx, cmd, database, p)
			},
		}, listServiceKeysCommand(), removeServiceKeyCommand()},
	}
}

func addServiceKey(ctx context.Context, cmd *cli.Command, database secret.Text, p vault.Paths) error {
	scopes, err := scopesOf(cmd.StringSlice("scope"))
	if err != nil {
		return err
	}
	held, err := secrets(p, zerolog.Nop())
	if err != nil {
		return err
	}
	pool, err := open(ctx, database)
	if err != nil {
		return err
	}
	defer pool.Close()
	var e apikey.Entropy
	_, _ = rand.Read(e.ID[:])
	_, _ = rand.Read(e.Secret[:]) // neither ever fails (crypto/rand)
	key := apikey.Format(e)
	err = keys.New(pool).PutServiceKey(ctx, keys.ServiceKey{
		Name: cmd.String("name"), Realm: cmd.String("realm"), Scopes: scopes, Orgs: cmd.StringSlice("org"),
		Digest: apikey.Digest(held.Peppers[0], key), PepperID: held.Peppers[0].ID,
	})
	if err != nil {
		return err //nolint:wrapcheck // it says what failed
	}
	_, err = fmt.Fprintln(cmd.Root().Writer, key.Text().Reveal())
	return err //nolint:wrapcheck // about our own output
}

func scopesOf(given []string) ([]string, error) {
	known := map[string]bool{}
	for _, s := range authapi.Scopes() {
		known[s] = true
	}
	for _, s := range given {
		if s == "all" {
			return authapi.Scopes(), nil
		}
		if !known[s] {
			return nil, fmt.Errorf("%w: no such scope; there are %v", ops.ErrUsage, authapi.Scopes())
		}
	}
	return given, nil
}
