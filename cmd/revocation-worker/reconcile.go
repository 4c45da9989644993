package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

func reconcileCommand() *cli.Command {
	return keycloakCommand("reconcile", "have everybody looked at again, and say which verdicts that changed", []cli.Flag{
		&cli.StringFlag{Name: "user", Usage: "only this user, by Keycloak's id"},
		&cli.IntFlag{Name: "rate", Value: 20, Usage: "with --dry-run: most looks at Keycloak in a second"},
		dryRunFlag(), byFlag(),
	}, reconcile)
}

func reconcile(ctx context.Context, cmd *cli.Command, o *operator) error {
	before, err := o.state(ctx)
	if err != nil {
		return err
	}
	subjects := recovery.Subjects(before, cmd.String("user"))
	if len(subjects) == 0 {
		return errors.New("nobody to look at: no token and no key of this user is known")
	}
	if cmd.Bool("dry-run") {
		return o.compare(ctx, cmd, before, subjects)
	}
	if err := o.askToLook(ctx, subjects, cmd.String("user"), cmd.String("by")); err != nil {
		return err
	}
	after, err := o.settled(ctx, before, subjects)
	if err != nil {
		return err
	}
	o.tellUnnamed(after, subjects)
	ds := recovery.Differences(before, after)
	return ops.Output(cmd, ds, func(w io.Writer) {
		ops.Row(w, "looked at", len(subjects), "verdicts changed", len(ds))
		for _, d := range ds {
			ops.Row(w, d.User, d.What, d.Before, d.After)
		}
	})
}

// compare looks at Keycloak itself and changes nothing.
func (o *operator) compare(ctx context.Context, cmd *cli.Command, before recovery.State, subjects []tokenstate.Scope) error {
	admin, err := o.Admin()
	if err != nil {
		return err
	}
	at, done := ops.Progress("look", int64(len(subjects)), o.logger)
	n := max(cmd.Int("rate"), 1)
	slow, err := o.Pages()
	if err != nil {
		return err
	}
	stores := guard(before.Facts)
	pages := &worker.Pages{Ask: asking.Pager{Admin: slow, Stores: stores}, Keys: asking.Inside{Resource: slow.Resource()}, Logger: o.logger}
	ask := asking.Asker{
		Admin: admin, Inside: &asking.Inside{Resource: admin.Resource()}, WasThere: before.Facts.WasThere,
		Sighted: before.Facts.Sighted, Stores: stores, StoreOf: before.Facts.StoreOf,
	}
	then, failed, err := recovery.Reconcile(ctx, ask, pages, before, subjects, rate.NewLimiter(rate.Limit(n), n), func(i int) { at(int64(i)) })
	done()
	if err != nil {
		return err
	}
	o.tellUnnamed(before, subjects)
	for _, f := range failed {
		o.logger.Warn().Err(f.Err).Str("realm", f.Subject.Realm).Str("user", f.Subject.User).Str("client", f.Subject.Client).
			Bool("pages", f.Pages).Msg("could not be looked at")
	}
	if err := show(cmd, append(recovery.Differences(before, then), recovery.Mistaken(then)...)); err != nil || len(failed) == 0 {
		return err
	}
	return fmt.Errorf("%d of %d could not be looked at", len(failed), len(subjects))
}

// guard keeps a dry run from what the worker is kept from: over the admin API Keycloak removes whom a user store does
// not show, and a dry run changes nothing.
func guard(f tokenstate.Facts) *asking.Stores {
	return &asking.Stores{Pause: workerconfig.DefaultStorePause, Changed: f.ChangedBeneath, Since: f.StoreUsersSince}
}

// askToLook puts those in doubt who are to be looked at: the worker does the rest at its own pace,
// and a replay knows of it.
func (o *operator) askToLook(ctx context.Context, subjects []tokenstate.Scope, user, by string) error {
	realms := map[string]bool{}
	for _, s := range subjects {
		realms[s.Realm] = true
	}
	for realm := range realms {
		order := &events.Order{Order: events.OrderLook, User: user, By: by}
		if _, applied, err := o.publish(ctx, realm, order); err != nil {
			return err
		} else if !applied {
			return errors.New("the order is in the log, but no worker has applied it: does one run?")
		}
	}
	return nil
}

// settled waits until no verdict on subjects is in doubt any more.
func (o *operator) settled(ctx context.Context, before recovery.State, subjects []tokenstate.Scope) (recovery.State, error) {
	at, done := ops.Progress("looked at", int64(len(before.Tokens)+len(before.Keys)), o.logger)
	defer done()
	for {
		began := time.Now()
		s, err := o.state(ctx)
		if err != nil {
			return s, err
		}
		left := recovery.InDoubt(s, subjects)
		at(int64(len(before.Tokens) + len(before.Keys) - left))
		if left == 0 {
			return s, nil
		}
		_ = pause.For(ctx, max(time.Second, 4*time.Since(began))) // all is read anew each time
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
	}
}

// tellUnnamed says which tokens no look can settle.
func (o *operator) tellUnnamed(s recovery.State, subjects []tokenstate.Scope) {
	for client, n := range recovery.Unnamed(s, subjects) {
		o.logger.Warn().Str("client_id", client).Int("tokens", n).Msg("no client is known by this client_id: their sessions cannot be looked at, and they stay in doubt")
	}
}
