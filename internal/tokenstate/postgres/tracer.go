package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// tracer is what pgx tells of each statement: it bounds how long we wait for an answer, and notices
// a server that has become a standby. The server's own statement_timeout does not help against a
// server that does not answer at all.
type tracer struct {
	bounds Bounds
	demotion
}

type cancelKey struct{}

func (t *tracer) start(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, t.bounds.of(ctx))
	return context.WithValue(ctx, cancelKey{}, cancel)
}

func (t *tracer) end(ctx context.Context, err error) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
	t.seen(err)
}

func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return t.start(ctx)
}

func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return t.start(ctx)
}

func (t *tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t.seen(data.Err)
}

func (t *tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

func (t *tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return t.start(ctx)
}

func (t *tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.end(ctx, data.Err)
}
