package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func revokeCommand() *cli.Command {
	return operatorCommand("revoke", "", "cut off tokens, and keys too, for good; only a pardon takes it back", []cli.Flag{
		&cli.StringFlag{Name: "user", Usage: "Keycloak's id of a user"},
		&cli.StringFlag{Name: "session", Usage: "id of an offline session"},
		&cli.StringFlag{Name: "client", Usage: "client_id, or Keycloak's UUID, of a client"},
		&cli.StringFlag{Name: "realm", Usage: "the realm; alone: everything in it"},
		&cli.TimestampFlag{Name: "before", Usage: "what was issued before this time (default: until now)", Config: cli.TimestampConfig{Layouts: []string{time.RFC3339}}},
		&cli.BoolFlag{Name: "keys", Usage: "reach the API keys of a user or realm, too"},
		reasonFlag(), byFlag(), dryRunFlag(),
	}, revoke)
}

func pardonCommand() *cli.Command {
	return operatorCommand("pardon", "CAUSE", "take back what one event or order has cut off, and nothing else", []cli.Flag{reasonFlag(), byFlag(), dryRunFlag()}, pardon)
}

func eraseCommand() *cli.Command {
	return operatorCommand("erase", "USER", "remove a user's stored tokens, free text and details; ids and revocations stay", []cli.Flag{reasonFlag(), byFlag()},
		func(ctx context.Context, cmd *cli.Command, o *operator) error {
			if cmd.Args().Len() != 1 || o.realm == "" {
				return fmt.Errorf("%w: name one user, and the realm by --keycloak-realm", ops.ErrUsage)
			}
			return o.order(ctx, cmd, o.realm, &events.Order{
				Order: events.OrderErase, User: cmd.Args().First(), By: cmd.String("by"), Reason: cmd.String("reason"),
			})
		})
}

func revoke(ctx context.Context, cmd *cli.Command, o *operator) error {
	realm, alone := o.realm, cmd.IsSet("realm")
	if alone {
		realm = cmd.String("realm")
	}
	order := &events.Order{
		Order: events.OrderRevoke, Tokens: true, Keys: cmd.Bool("keys"), By: cmd.String("by"), Reason: cmd.String("reason"),
		User: cmd.String("user"), Session: cmd.String("session"), Client: cmd.String("client"),
	}
	named := order.User != "" || order.Session != "" || order.Client != ""
	switch {
	case !named && !alone:
		return fmt.Errorf("%w: name --user, --session, --client or --realm", ops.ErrUsage)
	case realm == "":
		return fmt.Errorf("%w: name the --realm, or set KEYCLOAK_REALM", ops.ErrUsage)
	case order.Keys && (order.Session != "" || order.Client != ""):
		return fmt.Errorf("%w: --keys goes with --user or --realm: keys have no session and no client", ops.ErrUsage)
	}
	// A token of this very second must die, too; one that is issued later must not.
	order.Before = events.Seconds(time.Now().Unix()) + 1
	if cmd.IsSet("before") {
		order.Before = events.Seconds(cmd.Timestamp("before").Unix())
	}
	if order.Client != "" {
		state, err := o.state(ctx)
		if err != nil {
			return err
		}
		order.Client = clientUUID(state.Facts, realm, order.Client)
	}
	return o.order(ctx, cmd, realm, order)
}

// clientUUID finds the client that is called id now; else id is taken as the UUID.
func clientUUID(f tokenstate.Facts, realm, id string) string {
	for s, nodes := range f.Standings {
		for _, n := range nodes {
			if s.Scope.Realm == realm && s.Scope.Client != "" && n.ClientID == id {
				return s.Scope.Client
			}
		}
	}
	return id
}

func pardon(ctx context.Context, cmd *cli.Command, o *operator) error {
	cause := cmd.Args().First()
	if cause == "" || cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one cause, as `explain` and verdicts show it", ops.ErrUsage)
	}
	state, err := o.state(ctx)
	if err != nil {
		return err
	}
	for scope, by := range state.Facts.Cutoffs {
		if _, ok := by[cause]; ok {
			return o.order(ctx, cmd, scope.Realm, &events.Pardon{Cause: cause, By: cmd.String("by"), Reason: cmd.String("reason")})
		}
	}
	return fmt.Errorf("nothing was cut off by %q: only revocations that are final can be pardoned, all others are lifted by what is true in Keycloak", cause)
}

// order is given, or with --dry-run only weighed.
func (o *operator) order(ctx context.Context, cmd *cli.Command, realm string, body events.Body) error {
	if cmd.Bool("dry-run") {
		ds, err := o.would(ctx, realm, body)
		if err != nil {
			return err
		}
		return show(cmd, ds)
	}
	id, applied, err := o.publish(ctx, realm, body)
	if err != nil {
		return err
	}
	return ops.Output(cmd, map[string]any{"id": id, "applied": applied}, func(w io.Writer) { //nolint:wrapcheck // about our own output
		ops.Row(w, "id", id)
		if applied {
			ops.Row(w, "applied", "yes")
		} else {
			ops.Row(w, "applied", "not yet: it is in the log; does a worker run?")
		}
	})
}
