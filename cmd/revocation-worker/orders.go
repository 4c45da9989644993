package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func revokeCommand() *cli.Command {
	return operatorCommand("revoke", "", "cut off tokens, and keys too, for good; only a pardon takes it back", append([]cli.Flag{
		&cli.StringFlag{Name: "user", Usage: "Keycloak's id of a user"},
		&cli.StringFlag{Name: "session", Usage: "id of an offline session"},
		&cli.StringFlag{Name: "client", Usage: "client_id, or Keycloak's UUID, of a client"},
		ops.TimeFlag("before", "what was issued before this time; until now if it is left out"),
		&cli.BoolFlag{Name: "keys", Usage: "reach the API keys of a user or realm, too"},
		reasonFlag(), byFlag(), dryRunFlag(),
	}, ops.WholeRealm()...), revoke)
}

func pardonCommand() *cli.Command {
	return operatorCommand("pardon", "[CAUSE]", "take back what one event or order has cut off, and nothing else", []cli.Flag{
		&cli.StringFlag{Name: "user", Usage: "instead of a cause: list what was cut off of this user; with --yes take all of it back"},
		&cli.BoolFlag{Name: "yes", Usage: "with --user: take it back"},
		reasonFlag(), byFlag(), dryRunFlag(),
	}, pardon)
}

func eraseCommand() *cli.Command {
	return operatorCommand("erase", "USER", "remove a user's stored tokens, free text and details; ids and revocations stay", []cli.Flag{reasonFlag(), byFlag()}, erase)
}

func revoke(ctx context.Context, cmd *cli.Command, o *operator) error {
	realm := o.realm
	order, err := revocation(cmd, realm)
	if err != nil {
		return err
	}
	if order.Client != "" {
		uuid, err := o.store().ClientCalled(ctx, realm, order.Client)
		if err != nil {
			return err
		}
		order.Client = cmp.Or(uuid, order.Client) // the UUID itself was named
	}
	if order.Before == 0 { // this machine's clock may not be the database's, which dates keys
		if order.Before, err = o.store().Until(ctx, realm, order); err != nil {
			return err
		}
	}
	return o.order(ctx, cmd, realm, order)
}

// revocation is the order that the flags give.
func revocation(cmd *cli.Command, realm string) (*events.Order, error) {
	order := &events.Order{
		Order: events.OrderRevoke, Tokens: true, Keys: cmd.Bool("keys"), By: cmd.String("by"), Reason: cmd.String("reason"),
		User: cmd.String("user"), Session: cmd.String("session"), Client: cmd.String("client"),
	}
	before, err := ops.Time(cmd, "before")
	if err == nil && !before.IsZero() {
		order.Before = events.Seconds(max(before.Unix(), 1))
	}
	switch {
	case err != nil:
		return nil, err
	case wholeRealm(order) && !cmd.Bool("all"):
		return nil, fmt.Errorf("%w: name --user, --session or --client, or say --all for everything in the realm", ops.ErrUsage)
	case !wholeRealm(order) && cmd.Bool("all"):
		return nil, fmt.Errorf("%w: --all goes alone: it is everything in the realm", ops.ErrUsage)
	case realm == "":
		return nil, fmt.Errorf("%w: name the --realm, or set KEYCLOAK_REALM", ops.ErrUsage)
	case order.Keys && (order.Session != "" || order.Client != ""):
		return nil, fmt.Errorf("%w: --keys goes with --user or --all: keys have no session and no client", ops.ErrUsage)
	}
	return order, nil
}

func wholeRealm(o *events.Order) bool { return o.User == "" && o.Session == "" && o.Client == "" }

func erase(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() != 1 || o.realm == "" {
		return fmt.Errorf("%w: name one user, and the realm by --realm", ops.ErrUsage)
	}
	order := &events.Order{Order: events.OrderErase, User: cmd.Args().First(), By: cmd.String("by"), Reason: cmd.String("reason")}
	reached, err := o.store().Reach(ctx, o.realm, order)
	if err == nil && reached.Users == 0 { // without a token the journal may still tell of him
		var named bool
		if named, err = o.store().Named(ctx, o.realm, order.User); named {
			reached.Users = 1
		}
	}
	if err != nil {
		return err
	}
	return o.give(ctx, cmd, o.realm, order, reached)
}

// order is given, or with --dry-run only weighed.
func (o *operator) order(ctx context.Context, cmd *cli.Command, realm string, order *events.Order) error {
	if cmd.Bool("dry-run") {
		ds, err := o.would(ctx, realm, order)
		if err != nil {
			return err
		}
		return show(cmd, ds)
	}
	reached, err := o.store().Reach(ctx, realm, order)
	if err != nil {
		return err
	}
	if wholeRealm(order) {
		what := fmt.Sprintf("end %d tokens and %d keys of %d users in the realm %s, for good", reached.Tokens, reached.Keys, reached.Users, realm)
		if err := ops.Confirm(cmd, what, realm); err != nil {
			return err
		}
	}
	return o.give(ctx, cmd, realm, order, reached)
}

// give publishes the order and tells what it reached.
func (o *operator) give(ctx context.Context, cmd *cli.Command, realm string, body events.Body, reached postgres.Reached) error {
	id, applied, err := o.publish(ctx, realm, body)
	if err != nil {
		return err
	}
	err = ops.Output(cmd, map[string]any{"id": id, "applied": applied, "reached": reached}, func(w io.Writer) {
		ops.Row(w, "id", id)
		if applied {
			ops.Row(w, "applied", "yes")
		} else {
			ops.Row(w, "applied", "not yet: it is in the log; does a worker run?")
		}
		ops.Row(w, "reached", fmt.Sprintf("tokens=%d keys=%d users=%d", reached.Tokens, reached.Keys, reached.Users))
	})
	if err == nil && reached == (postgres.Reached{}) {
		err = fmt.Errorf("%w: nothing that is known here comes under this order, so check the ids; it stands, and holds for whatever comes under it later", ops.ErrNothingReached)
	}
	return err
}

// reachedBy counts what a pardon brings back.
func reachedBy(ds []recovery.Difference) (r postgres.Reached) {
	users := map[string]bool{}
	for _, d := range ds {
		users[d.User] = true
		if d.Key {
			r.Keys++
		} else {
			r.Tokens++
		}
	}
	r.Users = int64(len(users))
	return r
}
