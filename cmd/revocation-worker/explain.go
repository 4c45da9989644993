package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

func explainCommand() *cli.Command {
	return operatorCommandWith("explain", "ID", "why keys and tokens are what they are: of a user (id or e-mail), a session, a key's id, an event, an order or a refused request",
		[]cli.Flag{&cli.BoolFlag{Name: "all", Usage: "every message, also those that changed nothing"}},
		func(o *operator, t *settings.Table) { o.addOthers(t) }, explain)
}

func explain(ctx context.Context, cmd *cli.Command, o *operator) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("%w: name one user, session, key, event, order or request by its id", ops.ErrUsage)
	}
	story, err := o.story(ctx, cmd.Args().First())
	if err != nil {
		return err
	}
	rest := 0
	if !cmd.Bool("all") {
		story.Steps, rest = timeline.Fold(story.Steps)
	}
	story.Steps = timeline.Newest(story.Steps)
	return ops.Output(cmd, story, func(w io.Writer) { tell(w, story, rest) })
}

// tell writes a story for people: the conclusion, and below it what led to it.
func tell(w io.Writer, s timeline.Story, rest int) {
	who := "user " + s.User
	if s.User == "" {
		who = "everybody"
	}
	_, _ = fmt.Fprintf(w, "%s of realm %s; asked for: %s %s\n\n", who, s.Realm, s.Asked.Kind, s.Asked.ID)
	for _, l := range s.Conclusion {
		l.Write(func(first, text string) { ops.Wrap(w, first, text) })
	}
	if s.Pruned {
		ops.Wrap(w, "", "The journal was pruned: earlier messages may be missing, and the first cause with them. `journal import` brings them back.")
	}
	_, _ = fmt.Fprint(w, "\nWhat led to it, newest first:\n")
	for _, step := range s.Steps {
		tellStep(w, step)
	}
	if rest > 0 {
		_, _ = fmt.Fprintf(w, "%d other messages changed nothing: --all has them.\n", rest)
	}
	if s.More {
		_, _ = fmt.Fprintln(w, "There are more messages than are told here.")
	}
}

func tellStep(w io.Writer, s timeline.Step) {
	at := fmt.Sprintf("%s  %-9s ", s.Received.UTC().Format("2006-01-02 15:04:05Z"), s.From)
	ops.Wrap(w, at, s.What)
	below := fmt.Sprintf("%*s", len(at), "")
	if s.Times == 0 && s.From != "keys" {
		ops.Wrap(w, below, "id "+s.ID)
	}
	for _, c := range s.Changes {
		ops.Wrap(w, below, c.What+": "+c.Before+" → "+c.After)
	}
}
