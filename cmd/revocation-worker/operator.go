package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// operator is what an operator's command works on. DATABASE_URL must be of a role that may read
// and write everything, NATS_URL of the operator.
type operator struct {
	workerconfig.Config
	others
	realm  string
	pool   *pgxpool.Pool
	logger zerolog.Logger

	replicas              int    // of setup only
	administrator         string // as replicas
	administratorPassword secret.Text
	consoleURL            string
	consoleClient         string
	consoleSecret         secret.Text
	canary                keycloak.CanaryUser
	canaryDisable         string
}

// operatorCommand is a command with the operator's settings beside its own flags.
func operatorCommand(name, args, usage string, flags []cli.Flag, do func(context.Context, *cli.Command, *operator) error) *cli.Command {
	return operatorCommandWith(name, args, usage, flags, func(*operator, *settings.Table) {}, do)
}

// operatorCommandWith is one with more settings.
func operatorCommandWith(name, args, usage string, flags []cli.Flag, more func(*operator, *settings.Table),
	do func(context.Context, *cli.Command, *operator) error,
) *cli.Command {
	o := &operator{}
	table := settings.New("WORKER_")
	o.Logging.AddTo(table)
	o.AddDatabase(table)
	o.AddNATS(table)
	table.Text(&o.realm, "KEYCLOAK_REALM", "", "the realm that is meant, by its alias in the log")
	table.Flag("KEYCLOAK_REALM", "realm")
	more(o, table)
	return table.On(&cli.Command{
		Name: name, ArgsUsage: args, Usage: usage, Flags: append(flags, ops.OutputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			o.logger = o.Logging.Logger("revocation-worker")
			pool, err := o.Pool(ctx, postgres.Operating())
			if err != nil {
				return err
			}
			defer pool.Close()
			o.pool = pool
			return do(ctx, cmd, o)
		},
	})
}

func (o *operator) store() *postgres.Store { return postgres.New(o.pool) }

// publish puts a message of the operator into the log and waits until it is applied.
func (o *operator) publish(ctx context.Context, realm string, body events.Body) (id string, applied bool, err error) {
	log, err := o.Log(ctx, o.logger)
	if err != nil {
		return "", false, err
	}
	defer log.Close()
	short, cancel := context.WithTimeout(ctx, workerconfig.PublishLimit)
	defer cancel()
	m := said(realm, body)
	seq, err := log.Publish(short, m)
	if err != nil {
		return "", false, fmt.Errorf("%w: NATS_URL must be the operator's", err)
	}
	return m.ID, o.applied(ctx, seq), nil
}

const appliedLimit = 10 * time.Second

func (o *operator) applied(ctx context.Context, seq uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, appliedLimit)
	defer cancel()
	for ctx.Err() == nil {
		if f, err := o.store().Floor(ctx); err == nil && f.Seq >= seq {
			return true
		}
		_ = pause.For(ctx, 50*time.Millisecond)
	}
	return false
}

// would says which verdicts an order would change, and changes none.
func (o *operator) would(ctx context.Context, realm string, order *events.Order) ([]recovery.Difference, error) {
	now, err := o.about(ctx, tokenstate.Scope{Realm: realm, User: order.User, Session: order.Session})
	if err != nil {
		return nil, err
	}
	return changes(now, said(realm, order)), nil
}

// changes are the verdicts that m would change.
func changes(now recovery.State, m events.Message) []recovery.Difference {
	m.ID = "dry-run-0000" // shown as the cause
	then := now
	then.Facts = tokenstate.Join(now.Facts, tokenstate.Learn(m))
	return recovery.Differences(now, then)
}

// said is the operator's own, of now.
func said(realm string, body events.Body) events.Message {
	return events.Message{ID: uuid.NewString(), Realm: realm, At: events.Millis(time.Now().UnixMilli()), Source: events.Operator, Body: body}
}

// show prints the verdicts that differ; none is exit code 0, some 3.
func show(cmd *cli.Command, ds []recovery.Difference) error {
	err := ops.Output(cmd, ds, func(w io.Writer) {
		if len(ds) == 0 {
			ops.Row(w, "no verdict would change")
			return
		}
		ops.Row(w, "REALM", "USER", "WHAT", "BEFORE", "AFTER", "BECAUSE")
		for _, d := range ds {
			ops.Row(w, d.Realm, d.User, d.What, d.Before, d.After, d.Because)
		}
	})
	if err == nil && len(ds) > 0 {
		err = fmt.Errorf("%w: %d verdicts would change", ops.ErrDifferences, len(ds))
	}
	return err
}

func byFlag() cli.Flag {
	return &cli.StringFlag{Name: "by", Value: whoami(), Usage: "who gives the order, for the audit"}
}

func whoami() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := os.Getenv(name); who != "" {
			return "operator " + who
		}
	}
	return "operator"
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "say which verdicts would change, and change nothing; exit code 3 if any"}
}

func reasonFlag() cli.Flag {
	return &cli.StringFlag{Name: "reason", Usage: "why, for the audit", Required: true}
}
