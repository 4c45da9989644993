package settings

import (
	"context"

	"github.com/urfave/cli/v3"
)

// tableKey is where a command keeps its table, so that the program's other commands know its names.
const tableKey = "settings"

// On gives a command its settings: flags, a word on secrets, and values that are loaded before it does anything.
func (t *Table) On(c *cli.Command) *cli.Command {
	c.Flags, c.Description = append(c.Flags, t.Flags()...), t.Description()
	c.Metadata = map[string]any{tableKey: t}
	do := c.Action
	c.Action = func(ctx context.Context, cmd *cli.Command) error {
		if err := t.Load(cmd); err != nil {
			return err
		}
		return do(ctx, cmd)
	}
	return c
}

// tables are those of a program's commands: one file and one environment are for all of them, so a name of any is known
// to each.
func tables(c *cli.Command) (all []*Table) {
	if t, ok := c.Metadata[tableKey].(*Table); ok {
		all = append(all, t)
	}
	for _, sub := range c.Commands {
		all = append(all, tables(sub)...)
	}
	return all
}
