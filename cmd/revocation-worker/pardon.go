package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func pardon(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Present() == cmd.IsSet("user") || cmd.Args().Len() > 1 {
		return fmt.Errorf("%w: name one cause, as `explain` and verdicts show it, or a --user", ops.ErrUsage)
	}
	if cmd.IsSet("user") {
		return o.pardonUser(ctx, cmd)
	}
	cut, err := o.store().CutBy(ctx, cmd.Args().First())
	if err != nil {
		return err
	}
	if len(cut) == 0 {
		return fmt.Errorf("nothing was cut off by %q: only revocations that are final can be pardoned, all others are lifted by what is true in Keycloak", cmd.Args().First())
	}
	if len(cut) > 1 { // maybe of several users
		cut[0].Scope = tokenstate.Scope{Realm: cut[0].Scope.Realm}
	}
	return o.pardonCause(ctx, cmd, cut[0])
}

func (o *operator) pardonCause(ctx context.Context, cmd *cli.Command, cut tokenstate.CutoffRow) error {
	state, err := o.about(ctx, cut.Scope)
	if err != nil {
		return err
	}
	p := &events.Pardon{Cause: cut.Cause, By: cmd.String("by"), Reason: cmd.String("reason")}
	ds := changes(state, said(cut.Scope.Realm, p))
	if cmd.Bool("dry-run") {
		return show(cmd, ds)
	}
	return o.give(ctx, cmd, cut.Scope.Realm, p, reachedBy(ds))
}

// cutLine is what one cause has cut off of a user.
type cutLine struct {
	Cause  string `json:"cause"`
	At     string `json:"at"`
	Reason string `json:"reason"`
	What   string `json:"what"`
}

// pardonUser is for who knows the user and not the order. A cause that reaches others, too, such as an order about the
// realm, is none of theirs.
func (o *operator) pardonUser(ctx context.Context, cmd *cli.Command) error {
	cuts, err := o.store().CutOf(ctx, o.realm, cmd.String("user"))
	if err != nil {
		return err
	}
	state, err := o.around(ctx, realmsOf(cuts), cmd.String("user"))
	if err != nil {
		return err
	}
	pardoned := map[string]bool{}
	for _, p := range state.Facts.PardonRows() {
		pardoned[p.Cause] = true
	}
	cuts = slices.DeleteFunc(cuts, func(c tokenstate.CutoffRow) bool { return pardoned[c.Cause] })
	if len(cuts) == 0 {
		return errors.New("nothing is cut off of this user by an event or order about them: `explain` says why their tokens are dead")
	}
	if cmd.Bool("yes") || cmd.Bool("dry-run") {
		return o.pardonAll(ctx, cmd, state, cuts)
	}
	lines := make([]cutLine, len(cuts))
	for i, c := range cuts {
		lines[i] = cutLine{c.Cause, c.Value.At.Time().Format("2006-01-02 15:04:05Z"), c.Value.Reason, whatIsCut(c)}
	}
	return ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "CAUSE", "AT", "REASON", "CUT OFF")
		for _, l := range lines {
			ops.Row(w, l.Cause, l.At, l.Reason, l.What)
		}
		_, _ = fmt.Fprintln(w, "Nothing was taken back: --yes does, or name one cause.")
	})
}

func realmsOf(cuts []tokenstate.CutoffRow) (realms []string) {
	for _, c := range cuts {
		if !slices.Contains(realms, c.Scope.Realm) {
			realms = append(realms, c.Scope.Realm)
		}
	}
	return realms
}

// pardonAll takes back each of the causes.
func (o *operator) pardonAll(ctx context.Context, cmd *cli.Command, state recovery.State, cuts []tokenstate.CutoffRow) error {
	then, given := state, []string{}
	for _, c := range cuts {
		p := &events.Pardon{Cause: c.Cause, By: cmd.String("by"), Reason: cmd.String("reason")}
		then.Facts = tokenstate.Join(then.Facts, tokenstate.Learn(said(c.Scope.Realm, p)))
		if cmd.Bool("dry-run") || slices.Contains(given, c.Cause) {
			continue
		}
		if _, _, err := o.publish(ctx, c.Scope.Realm, p); err != nil {
			return fmt.Errorf("after %d pardons: %w", len(given), err)
		}
		given = append(given, c.Cause)
	}
	ds := recovery.Differences(state, then)
	if cmd.Bool("dry-run") {
		return show(cmd, ds)
	}
	reached := reachedBy(ds)
	return ops.Output(cmd, map[string]any{"pardoned": given, "reached": reached}, func(w io.Writer) {
		for _, cause := range given {
			ops.Row(w, "pardoned", cause)
		}
		ops.Row(w, "reached", fmt.Sprintf("tokens=%d keys=%d users=%d", reached.Tokens, reached.Keys, reached.Users))
	})
}

func whatIsCut(c tokenstate.CutoffRow) string {
	what := "tokens"
	switch {
	case c.Scope.Key != "":
		what = "key " + c.Scope.Key
	case c.Value.Keys && c.Value.Tokens:
		what = "tokens and keys"
	case c.Value.Keys:
		what = "keys"
	}
	if c.Scope.Session != "" {
		what += " of session " + c.Scope.Session
	}
	if c.Scope.Client != "" {
		what += " of client " + c.Scope.Client
	}
	return what
}
