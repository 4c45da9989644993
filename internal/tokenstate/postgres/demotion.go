package postgres

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// demotion notices a server that has become a standby: it goes on reading, and refuses each write
// with 25006, and a pool would keep its connections to it for ever (gpustack #6105 was broken for
// three days). All of them are closed; with target_session_attrs=read-write in DATABASE_URL the
// next ones find the new primary.
type demotion struct{ pool atomic.Pointer[pgxpool.Pool] }

const readOnly = "25006"

func (d *demotion) seen(err error) {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if pool := d.pool.Load(); ok && refused.Code == readOnly && pool != nil {
		pool.Reset()
	}
}

// The rest is what pgx asks of a tracer.

func (*demotion) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (d *demotion) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	d.seen(data.Err)
}

func (*demotion) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (d *demotion) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	d.seen(data.Err)
}

func (d *demotion) TraceBatchEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	d.seen(data.Err)
}
