package postgres

import (
	"errors"
	"sync/atomic"

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
