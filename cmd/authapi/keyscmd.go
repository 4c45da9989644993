package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func keysCommand() *cli.Command {
	selection := func() []cli.Flag {
		return []cli.Flag{
			&cli.StringFlag{Name: "user", Usage: "of this user only"},
			&cli.StringFlag{Name: "kind", Usage: "system, user or legacy only"},
			ops.TimeFlag("before", "made before this time only"),
		}
	}
	return &cli.Command{
		Name: "keys", Usage: "API keys",
		Commands: []*cli.Command{
			operatorCommand("list", "", "list live keys; none is shown, only its ends", selection(), listKeys),
			operatorCommand("show", "ID", "say whose a key is: its id is between its two underscores", nil, showKey),
			operatorCommand("revoke", "[ID...]", "revoke keys by their ids, or all live ones that the flags select",
				append(append(selection(), ops.WholeRealm()...), reasonFlag(), byFlag(),
					&cli.BoolFlag{Name: "dry-run", Usage: "say which ones, and revoke none; exit code 3 if any"}), revokeKeys),
		},
	}
}

// keyLine is a key as operators see it.
type keyLine struct {
	ID       string  `json:"id"`
	Realm    string  `json:"realm"`
	User     string  `json:"user_id"`
	Org      *string `json:"org_id"`
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	LastFour *string `json:"last_four"`
	Created  *string `json:"created_at"`
	Expires  *string `json:"expires_at"`
	Revoked  *string `json:"revoked_at"`
	LastUsed *string `json:"last_used_at"`
	MadeBy   *string `json:"made_by"`
	Pepper   string  `json:"pepper"`
	Admitted bool    `json:"admitted"`
	Reason   *string `json:"reason"`
}

func lineOf(k apikey.Listed, d apikey.Decision) keyLine {
	return keyLine{
		k.ID, k.Realm, k.User, orNull(k.Org), k.Name, string(k.Kind), orNull(k.LastFour), timeOrNull(k.Created), timeOrNull(k.Expires),
		timeOrNull(k.RevokedAt), timeOrNull(k.LastUsed), orNull(k.MadeBy), k.PepperID, d.Active, orNull(d.Reason),
	}
}

func (l keyLine) admitted() string {
	if l.Admitted {
		return "yes"
	}
	return "no: " + orDash(l.Reason)
}

func showKeys(cmd *cli.Command, ks []keyLine) error {
	return ops.Output(cmd, ks, func(w io.Writer) {
		ops.Row(w, "ID", "USER", "ORG", "NAME", "KIND", "CREATED", "EXPIRES", "REVOKED", "LAST USED", "ADMITTED")
		for _, k := range ks {
			ops.Row(w, k.ID, k.User, orDash(k.Org), k.Name, k.Kind, orDash(k.Created), orDash(k.Expires), orDash(k.Revoked), orDash(k.LastUsed),
				k.admitted())
		}
	})
}

// manyUsers are asked about at once.
const manyUsers = 1000

// lines say of each key whether it is admitted now, as far as its owner decides it. Who belongs to which organization
// is not asked: whether that matters is a setting of serve.
func (o *operator) lines(ctx context.Context, ks []apikey.Listed) ([]keyLine, error) {
	lines := []keyLine{}
	for part := range slices.Chunk(ks, manyUsers) {
		byRealm := map[string][]string{}
		for _, k := range part {
			byRealm[k.Realm] = append(byRealm[k.Realm], k.User)
		}
		known := map[string]postgres.Owned{}
		for realm, users := range byRealm {
			var err error
			if known[realm], err = o.store().OwnersNow(ctx, realm, users...); err != nil {
				return nil, err
			}
		}
		for _, k := range part {
			of := known[k.Realm]
			lines = append(lines, lineOf(k, apikey.DecideBy(of.Facts, of.Rules, k.Record, of.Now.Second())))
		}
	}
	return lines, nil
}

// selected are the live keys that the flags mean.
func (o *operator) selected(ctx context.Context, cmd *cli.Command) ([]apikey.Listed, error) {
	sel := keyrows.Selection{Realm: o.realm, User: cmd.String("user"), Kind: apikey.Kind(cmd.String("kind"))}
	switch sel.Kind {
	case "", apikey.KindSystem, apikey.KindUser, apikey.KindLegacy:
	default:
		return nil, fmt.Errorf("%w: --kind is system, user or legacy", ops.ErrUsage)
	}
	if o.realm == "" {
		return nil, fmt.Errorf("%w: say whose keys: set KEYCLOAK_REALM", ops.ErrUsage)
	}
	var err error
	if sel.Before, err = ops.Time(cmd, "before"); err != nil {
		return nil, err
	}
	var out []apikey.Listed
	err = o.keys().EachKey(ctx, sel, func(k apikey.Listed) error { out = append(out, k); return nil })
	return out, err
}

func listKeys(ctx context.Context, cmd *cli.Command, o *operator) error {
	ks, err := o.selected(ctx, cmd)
	if err != nil {
		return err
	}
	return o.show(ctx, cmd, ks)
}

func (o *operator) show(ctx context.Context, cmd *cli.Command, ks []apikey.Listed) error {
	lines, err := o.lines(ctx, ks)
	if err != nil {
		return err
	}
	return showKeys(cmd, lines)
}

func showKey(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one key's id, never the key", ops.ErrUsage)
	}
	k, err := o.find(ctx, cmd.Args().First())
	if err != nil {
		return err
	}
	return o.show(ctx, cmd, []apikey.Listed{k})
}

func revokeKeys(ctx context.Context, cmd *cli.Command, o *operator) error {
	ks, err := o.meant(ctx, cmd)
	if err != nil {
		return err
	}
	if cmd.Bool("dry-run") {
		if err := o.show(ctx, cmd, ks); err != nil || len(ks) == 0 {
			return err
		}
		return fmt.Errorf("%w: %d keys would be revoked", ops.ErrDifferences, len(ks))
	}
	users := owners(ks)
	if cmd.Bool("all") {
		if err := ops.Confirm(cmd, fmt.Sprintf("revoke %d keys of %d users in the realm %s", len(ks), users, o.realm), o.realm); err != nil {
			return err
		}
	}
	for i, k := range ks {
		if err := o.revoke(ctx, cmd, k.Record); err != nil {
			return fmt.Errorf("after %d of %d keys were revoked: %w", i, len(ks), err)
		}
	}
	reached := map[string]int{"tokens": 0, "keys": len(ks), "users": users}
	err = ops.Output(cmd, map[string]any{"revoked": len(ks), "reached": reached}, func(w io.Writer) {
		ops.Row(w, "revoked", len(ks))
		ops.Row(w, "reached", fmt.Sprintf("tokens=0 keys=%d users=%d", len(ks), users))
	})
	if err == nil && len(ks) == 0 {
		err = fmt.Errorf("%w: no live key is selected, so check the flags", ops.ErrNothingReached)
	}
	return err
}

func owners(ks []apikey.Listed) int {
	users := map[string]bool{}
	for _, k := range ks {
		users[k.Realm+"\x00"+k.User] = true
	}
	return len(users)
}

// meant are the keys named by id, or else selected. What no user narrows reaches a whole realm, and
// needs --all.
func (o *operator) meant(ctx context.Context, cmd *cli.Command) (out []apikey.Listed, err error) {
	user, all := cmd.IsSet("user"), cmd.Bool("all")
	flags := user || all || cmd.IsSet("kind") || cmd.IsSet("before")
	switch {
	case flags == cmd.Args().Present():
		return nil, fmt.Errorf("%w: name keys by their ids, or select them by --user or --all", ops.ErrUsage)
	case flags && user == all:
		return nil, fmt.Errorf("%w: select the keys of one --user, or say --all for those of everybody in the realm", ops.ErrUsage)
	}
	if flags {
		return o.selected(ctx, cmd)
	}
	for _, id := range cmd.Args().Slice() {
		k, err := o.find(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("%w; nothing was revoked", err)
		}
		out = append(out, k)
	}
	return out, nil
}

// find is a key by its id, of KEYCLOAK_REALM's realm alone where that is set: an operator of one
// realm must not meet another's by a mistyped id.
func (o *operator) find(ctx context.Context, id string) (apikey.Listed, error) {
	k, err := o.keys().FindListed(ctx, id)
	if err == nil && o.realm != "" && k.Realm != o.realm {
		err = fmt.Errorf("%w: the key %s is of another realm than KEYCLOAK_REALM says", ops.ErrUsage, k.ID)
	}
	return k, err
}

// revoke gives authapi's own order: it acts at its commit, and the worker copies it to the log.
func (o *operator) revoke(ctx context.Context, cmd *cli.Command, rec apikey.Record) error {
	at, err := o.store().Now(ctx)
	if err != nil {
		return err
	}
	ref := apikey.Ref{Realm: rec.Realm, User: rec.User, ID: rec.ID}
	_, _, err = o.keys().RevokeOne(ctx, ref, func(id string) events.Message {
		return events.Message{
			ID: uuid.NewString(), Realm: rec.Realm, At: at, Received: at, Source: events.Authapi,
			Body: &events.Order{Order: events.OrderKeyRevoked, By: cmd.String("by"), Reason: cmd.String("reason"), User: rec.User, Key: id},
		}
	})
	return err
}
