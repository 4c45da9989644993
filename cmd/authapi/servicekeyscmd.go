package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
)

func listServiceKeysCommand() *cli.Command {
	return operatorCommand("list", "", "list credentials; none is shown", nil, func(ctx context.Context, cmd *cli.Command, o *operator) error {
		all, err := o.keys().ServiceKeys(ctx)
		if err != nil {
			return err //nolint:wrapcheck // it says what failed
		}
		type line struct {
			Name   string   `json:"name"`
			Realm  string   `json:"realm"`
			Scopes []string `json:"scopes"`
			Orgs   []string `json:"orgs"`
			Pepper string   `json:"pepper"`
		}
		lines := make([]line, len(all))
		for i, k := range all {
			lines[i] = line{k.Name, k.Realm, k.Scopes, k.Orgs, k.PepperID}
		}
		return ops.Output(cmd, lines, func(w io.Writer) { //nolint:wrapcheck // about our own output
			ops.Row(w, "NAME", "REALM", "SCOPES", "ORGS", "PEPPER")
			for _, l := range lines {
				ops.Row(w, l.Name, l.Realm, strings.Join(l.Scopes, " "), strings.Join(l.Orgs, " "), l.Pepper)
			}
		})
	})
}

func removeServiceKeyCommand() *cli.Command {
	return operatorCommand("remove", "NAME", "end a credential at once", nil, func(ctx context.Context, cmd *cli.Command, o *operator) error {
		if cmd.Args().Len() != 1 {
			return fmt.Errorf("%w: name one credential", ops.ErrUsage)
		}
		found, err := o.keys().DeleteServiceKey(ctx, cmd.Args().First())
		if err == nil && !found {
			err = fmt.Errorf("there is no such credential: see authapi service-keys list")
		}
		return err //nolint:wrapcheck // it says what failed
	})
}
