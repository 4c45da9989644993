package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/authapi/adapters"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

func rotateCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "promote", Usage: "make the key of this id the present one; every replica must know it already"},
		&cli.StringFlag{Name: "drop", Usage: "remove the key of this id for good; refused while anything needs it"},
		&cli.BoolFlag{Name: "force", Usage: "drop it although something needs it, which is lost"},
	}
	return operatorCommand("rotate", "pepper|master|keyset|snapshot", "add a key to a file of secrets, or with a flag promote or drop one: three steps, each rolled out to every replica before the next", append(flags, auditFlags()...), rotate)
}

func rotate(ctx context.Context, cmd *cli.Command, o *operator) error {
	kind := vault.Kind(cmd.Args().First())
	path := o.files.Path(kind)
	switch {
	case cmd.Args().Len() != 1 || !slices.Contains(vault.Kinds(), kind):
		return fmt.Errorf("%w: name one of pepper, master, keyset and snapshot", ops.ErrUsage)
	case path == "":
		return fmt.Errorf("%w: the path of the %s is not set", settings.ErrConfiguration, kind)
	case cmd.IsSet("promote") && cmd.IsSet("drop"):
		return fmt.Errorf("%w: promote or drop, not both at once", ops.ErrUsage)
	}
	s := stepOf(cmd)
	what := &act{"secrets rotate " + s.name, "", string(kind) + " " + s.id}
	var id, next string
	err := o.audited(ctx, cmd, what, func() (err error) {
		id, next, err = o.step(ctx, s, kind, path)
		what.target = string(kind) + " " + id
		return err
	})
	if err != nil {
		return err
	}
	return ops.Output(cmd, map[string]string{"kind": string(kind), "id": id, "next": next}, func(w io.Writer) {
		ops.Row(w, string(kind), id, next)
	})
}

// step is one of a rotation. Which key is added is known afterwards only.
type step struct {
	name, id string
	force    bool
}

func stepOf(cmd *cli.Command) step {
	for _, name := range []string{"promote", "drop"} {
		if cmd.IsSet(name) {
			return step{name, cmd.String(name), cmd.Bool("force")}
		}
	}
	return step{name: "add"}
}

// step does one and says what comes next.
func (o *operator) step(ctx context.Context, s step, kind vault.Kind, path string) (id, next string, err error) {
	switch s.name {
	case "promote":
		return s.id, "is the present one now: give the file to every replica and restart them; drop the old one when authapi secrets check says that nothing needs it", vault.Promote(kind, path, s.id)
	case "drop":
		if err := o.mayDrop(ctx, kind, s.id, s.force); err != nil {
			return s.id, "", err
		}
		return s.id, "was removed: give the file to every replica and restart them", vault.Drop(kind, path, s.id)
	}
	id, err = vault.Add(kind, path)
	return id, "was added and is not used yet: give the file to every replica and restart them, then promote it", err
}

// mayDrop refuses to drop what is needed.
func (o *operator) mayDrop(ctx context.Context, kind vault.Kind, id string, force bool) error {
	if force {
		return nil
	}
	used, err := o.usesOf(ctx, kind)
	if err != nil {
		return err
	}
	if n := used[id]; n > 0 {
		return fmt.Errorf("%d rows need this %s still, and would be lost: %s", n, kind, map[vault.Kind]string{
			vault.KindPepper: "each key moves at its next use; revoke those that are not used, or say --force",
			vault.KindMaster: "revoke these system keys, so that the next mint makes others, or say --force: they stay valid, and the next mint makes others",
			vault.KindKeyset: "run authapi secrets reseal",
		}[kind])
	}
	return nil
}

func resealCommand() *cli.Command {
	return operatorCommand("reseal", "", "seal every stored token anew that is not under the present key", auditFlags(), reseal)
}

func reseal(ctx context.Context, cmd *cli.Command, o *operator) error {
	held, err := o.secrets()
	if err != nil {
		return err
	}
	var resealed, broken int
	err = o.audited(ctx, cmd, &act{"secrets reseal", "", "keyset " + held.Tokens.Primary()}, func() (err error) {
		resealed, broken, err = adapters.Custody{Store: o.store(), Keys: held.Tokens}.ResealAll(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("after %d tokens were sealed anew: %w", resealed, err)
	}
	err = ops.Output(cmd, map[string]int{"resealed": resealed, "broken": broken}, func(w io.Writer) {
		ops.Row(w, "sealed anew", resealed)
		ops.Row(w, "do not open", broken)
	})
	if err == nil && broken > 0 {
		err = fmt.Errorf("%w: %d stored tokens do not open: their users log in again, or the old key comes back into the file", ops.ErrDifferences, broken)
	}
	return err
}
