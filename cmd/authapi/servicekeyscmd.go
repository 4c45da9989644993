package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/ops"
)

func serviceKeysCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "what logs call it", Required: true},
		&cli.StringSliceFlag{Name: "scope", Usage: "what it may do; repeat it; all for everything", Required: true},
		&cli.StringSliceFlag{Name: "org", Usage: "organization that it is limited to; repeat it"},
		&cli.BoolFlag{Name: "force", Usage: "make it for a realm of which nothing was ever heard"},
	}
	return &cli.Command{
		Name: "service-keys", Usage: "credentials of backends",
		Commands: []*cli.Command{
			operatorCommand("add", "", "make one and print it, once; only a digest is kept", append(flags, auditFlags()...), addServiceKey),
			operatorCommand("list", "", "list credentials; none is shown", nil, listServiceKeys),
			operatorCommand("remove", "NAME", "end a credential at once", auditFlags(), removeServiceKey),
		},
	}
}

// serviceKeyLine is a credential as operators see it; Key only when it is made.
type serviceKeyLine struct {
	Name   string   `json:"name"`
	Realm  string   `json:"realm"`
	Scopes []string `json:"scopes"`
	Orgs   []string `json:"orgs"`
	Pepper string   `json:"pepper"`
	Key    string   `json:"key,omitempty"`
}

func serviceKeyLineOf(k keyrows.ServiceKey) serviceKeyLine {
	return serviceKeyLine{k.Name, k.Realm, k.Scopes, k.Orgs, k.PepperID, ""}
}

func addServiceKey(ctx context.Context, cmd *cli.Command, o *operator) error {
	scopes, err := scopesOf(cmd.StringSlice("scope"))
	if err != nil {
		return err
	}
	if err := o.realmHeard(ctx, cmd); err != nil {
		return err
	}
	held, err := o.secrets()
	if err != nil {
		return err
	}
	var e apikey.Entropy
	_, _ = rand.Read(e.ID[:])
	_, _ = rand.Read(e.Secret[:]) // neither ever fails (crypto/rand)
	key := apikey.Format(e)
	k := keyrows.ServiceKey{
		Name: cmd.String("name"), Realm: o.realm, Scopes: scopes, Orgs: cmd.StringSlice("org"),
		Digest: apikey.Digest(held.Peppers[0], key), PepperID: held.Peppers[0].ID,
	}
	what := &act{"service-keys add", k.Realm, k.Name + " " + strings.Join(scopes, " ")}
	if err := o.audited(ctx, cmd, what, func() error { return o.keys().PutServiceKey(ctx, k) }); err != nil {
		return err
	}
	line := serviceKeyLineOf(k)
	line.Key = key.Text().Reveal()
	return ops.Output(cmd, line, func(w io.Writer) { ops.Row(w, line.Key) })
}

// administrators is the realm that is heard of in every installation, so it says nothing about which ones are served.
const administrators = "master"

// realmHeard refuses a realm that nobody serves, as a mistyped one: its credential would be refused everywhere. What the
// configuration says is not mistyped here, and while nothing was heard of any realm it cannot be told.
func (o *operator) realmHeard(ctx context.Context, cmd *cli.Command) error {
	switch {
	case o.realm == "":
		return fmt.Errorf("%w: name the one realm that it may act in by --realm, or set KEYCLOAK_REALM", ops.ErrUsage)
	case cmd.Bool("force") || !cmd.IsSet("realm"):
		return nil
	}
	heard, err := o.store().RealmsHeard(ctx)
	if err != nil || slices.Contains(heard, o.realm) {
		return err
	}
	heard = slices.DeleteFunc(heard, func(realm string) bool { return realm == administrators })
	if len(heard) == 0 {
		return nil
	}
	return fmt.Errorf("%w: of the realm %s nothing was ever heard, only of %s: check its name, or say --force", ops.ErrUsage, o.realm, strings.Join(heard, ", "))
}

func scopesOf(given []string) ([]string, error) {
	known := map[string]bool{}
	for _, s := range gate.Scopes() {
		known[s] = true
	}
	for _, s := range given {
		if s == "all" {
			return gate.Scopes(), nil
		}
		if !known[s] {
			return nil, fmt.Errorf("%w: there is no such scope; there are %s, and all for everything", ops.ErrUsage, strings.Join(gate.Scopes(), ", "))
		}
	}
	return given, nil
}

func listServiceKeys(ctx context.Context, cmd *cli.Command, o *operator) error {
	all, err := o.keys().ServiceKeys(ctx)
	if err != nil {
		return err
	}
	lines := make([]serviceKeyLine, len(all))
	for i, k := range all {
		lines[i] = serviceKeyLineOf(k)
	}
	return ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "NAME", "REALM", "SCOPES", "ORGS", "PEPPER")
		for _, l := range lines {
			ops.Row(w, l.Name, l.Realm, strings.Join(l.Scopes, " "), strings.Join(l.Orgs, " "), l.Pepper)
		}
	})
}

func removeServiceKey(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one credential", ops.ErrUsage)
	}
	name := cmd.Args().First()
	all, err := o.keys().ServiceKeys(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(k keyrows.ServiceKey) bool { return k.Name == name })
	if i < 0 {
		return errors.New("there is no such credential: see authapi service-keys list")
	}
	err = o.audited(ctx, cmd, &act{"service-keys remove", all[i].Realm, name}, func() error {
		_, err := o.keys().DeleteServiceKey(ctx, name)
		return err
	})
	if err != nil {
		return err
	}
	return ops.Output(cmd, map[string]string{"removed": name}, func(w io.Writer) { ops.Row(w, "removed", name) })
}
