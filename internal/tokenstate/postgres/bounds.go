package postgres

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Bounds are how long anything may wait for Postgres, and Postgres for us. docs/limits.md lists them.
// Without them a program that is frozen between two statements keeps its locks for ever, and a
// connection whose other end is gone keeps its caller for as long as the kernel tries.
type Bounds struct {
	Statement time.Duration // of one statement; the client gives up a little later, for a server that does not answer
	Lock      time.Duration // for a lock that somebody else holds
	Idle      time.Duration // between two statements of a transaction, which then ends with its locks
}

// Serving is for programs that serve. Idle is less than Lock: who waits for a frozen writer's lock
// gets it.
func Serving() Bounds {
	return Bounds{Statement: 15 * time.Second, Lock: 10 * time.Second, Idle: 5 * time.Second}
}

// Operating is for an operator's commands, which read and compare everything.
func Operating() Bounds {
	return Bounds{Statement: 10 * time.Minute, Lock: 30 * time.Second, Idle: time.Minute}
}

// Bounds that are the same for all.
const (
	connectLimit = 10 * time.Second
	late         = 2 * time.Second // how much longer the client waits than the server may take
	unacked      = 20 * time.Second
	keepIdle     = 10 * time.Second
	keepEvery    = 5 * time.Second
	keepCount    = 3
)

// apply makes a connection's settings those of b. The server watches its end of the connection by the
// same times as we watch ours.
func (b Bounds) apply(ctx context.Context, conn *pgx.Conn) error {
	settings := fmt.Sprintf("SET statement_timeout = %d; SET lock_timeout = %d; SET idle_in_transaction_session_timeout = %d; "+
		"SET tcp_user_timeout = %d; SET tcp_keepalives_idle = %d; SET tcp_keepalives_interval = %d; SET tcp_keepalives_count = %d",
		b.Statement.Milliseconds(), b.Lock.Milliseconds(), b.Idle.Milliseconds(),
		unacked.Milliseconds(), int(keepIdle.Seconds()), int(keepEvery.Seconds()), keepCount)
	if _, err := conn.Exec(ctx, settings, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("bound the waits of a connection: %w", err)
	}
	return nil
}

// dial watches our end of the connection.
func dial(c *pgconn.Config) {
	if c.ConnectTimeout == 0 || c.ConnectTimeout > connectLimit {
		c.ConnectTimeout = connectLimit
	}
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepIdle, Interval: keepEvery, Count: keepCount},
		Control:         limitUnacked,
	}
	c.DialFunc = d.DialContext
}

// snapshotBounds let a transaction read everything. It holds no lock that anybody waits for.
const snapshotBounds = "SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '1min'"

const snapshotLimit = 10 * time.Minute

type unhurriedKey struct{}

// unhurried is ctx for statements that may take as long as snapshotBounds say.
func unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, unhurriedKey{}, snapshotLimit)
}

// of is how long the client waits for one statement.
func (b Bounds) of(ctx context.Context) time.Duration {
	limit := b.Statement
	if longer, ok := ctx.Value(unhurriedKey{}).(time.Duration); ok {
		limit = max(limit, longer)
	}
	return limit + late
}
