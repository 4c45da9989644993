package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
)

func explainCommand() *cli.Command {
	return operatorCommand("explain", "USER|SESSION", "tell message by message how a user's verdicts came about", nil, explain)
}

func explain(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one user or session", ops.ErrUsage)
	}
	story, err := pgsource.Explain(ctx, o.pool, o.realm, cmd.Args().First())
	if err != nil {
		return err
	}
	return ops.Output(cmd, story, func(w io.Writer) {
		ops.Row(w, "user", story.User, "realm", story.Realm)
		if story.Pruned {
			ops.Row(w, "The journal was pruned: earlier messages may be missing, and the first cause with them. `journal import` brings them back.")
		}
		ops.Row(w, "RECEIVED", "FROM", "WHAT", "ID")
		for _, s := range story.Steps {
			ops.Row(w, s.Received.Format("2006-01-02T15:04:05.000Z"), s.From, s.What, s.ID)
			for _, c := range s.Changes {
				ops.Row(w, "", "", c.What+": "+c.Before+" → "+c.After, "")
			}
		}
		if story.More {
			ops.Row(w, "…", "", "there are more messages than are told here", "")
		}
	})
}
