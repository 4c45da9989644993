package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"

	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
)

// act is what an operator does that no order in the journal tells of. realm is "" where it is of all.
type act struct{ action, realm, target string }

// auditFlags say who does it and why. A reason is not asked for: who makes the first credential has none.
func auditFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "by", Value: whoami(), Usage: "who does it, for the audit"},
		&cli.StringFlag{Name: "reason", Usage: "why, for the audit"},
	}
}

const auditLimit = 5 * time.Second

// audited does it, which may complete its target, and writes it behind the acts of service
// credentials, with the status that HTTP would have. While the audit cannot be written nothing is
// done; what is interrupted is written all the same.
func (o *operator) audited(ctx context.Context, cmd *cli.Command, what *act, do func() error) error {
	if err := o.pool.Ping(ctx); err != nil {
		return fmt.Errorf("nothing was done, for the audit cannot be written: %w", err)
	}
	return written(ctx, cmd, o.keys(), what, do())
}

// written writes what was done, or has failed, into the audit.
func written(ctx context.Context, cmd *cli.Command, store *keyrows.Store, what *act, failed error) error {
	row := keyrows.Act{
		At: time.Now(), Realm: what.realm, Actor: cmd.String("by"), Action: what.action, Target: what.target,
		Status: http.StatusOK, Times: 1, Request: cmd.String("reason"),
	}
	if failed != nil {
		row.Status = http.StatusInternalServerError
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditLimit)
	defer cancel()
	if err := store.WriteActs(ctx, []keyrows.Act{row}); err != nil {
		return errors.Join(failed, fmt.Errorf("%s %s is not in the audit: %w", what.action, what.target, err))
	}
	return failed
}
