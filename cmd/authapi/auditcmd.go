package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/ops"
)

func auditCommand() *cli.Command {
	after := &cli.Int64Flag{Name: "after", Usage: "only acts after this number"}
	return &cli.Command{
		Name: "audit", Usage: "what was done with service credentials, and by operators with them and with secrets",
		Commands: []*cli.Command{
			operatorCommand("list", "", "list acts, and check that none was changed", []cli.Flag{after}, listActs),
			operatorCommand("verify", "", "check that no act was changed or removed since it was written; keep the head elsewhere to compare", nil, verifyActs),
		},
	}
}

func listActs(ctx context.Context, cmd *cli.Command, o *operator) error {
	type line struct {
		N int64 `json:"n"`
		keyrows.Act
	}
	lines := []line{}
	_, _, broken := o.keys().EachAct(ctx, cmd.Int64("after"), func(n int64, a keyrows.Act) { lines = append(lines, line{n, a}) })
	if broken != nil && !errors.Is(broken, keyrows.ErrBroken) {
		return broken
	}
	err := ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "N", "AT", "REALM", "ACTOR", "ACTION", "TARGET", "STATUS", "TIMES", "REQUEST OR REASON")
		for _, l := range lines {
			ops.Row(w, l.N, l.At.UTC().Format(time.RFC3339), l.Realm, l.Actor, l.Action, l.Target, l.Status, l.Times, l.Request)
		}
	})
	return errors.Join(err, different(broken))
}

func verifyActs(ctx context.Context, cmd *cli.Command, o *operator) error {
	n, head, err := o.keys().EachAct(ctx, 0, func(int64, keyrows.Act) {})
	if err != nil {
		return different(err)
	}
	text := hex.EncodeToString(head)
	return ops.Output(cmd, map[string]any{"acts": n, "head": text}, func(w io.Writer) { ops.Row(w, "acts", n); ops.Row(w, "head", text) })
}

func different(err error) error {
	if errors.Is(err, keyrows.ErrBroken) {
		return fmt.Errorf("%w: %w", ops.ErrDifferences, err)
	}
	return err
}
