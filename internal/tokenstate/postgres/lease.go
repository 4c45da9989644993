package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// leaseTimes are how long a lease holds without renewal, how often it is renewed or asked for, and how
// long one such question may take. Who holds it stops by its own clock a margin earlier than the
// database lets another in.
type leaseTimes struct{ term, every, question, margin time.Duration }

// standardLease has another worker take over within eight seconds.
func standardLease() leaseTimes {
	return leaseTimes{term: 6 * time.Second, every: time.Second, question: 2 * time.Second, margin: time.Second}
}

// Lease waits until this process is the active worker, and gives a context that ends when it may not
// be any more. Give it back with release. While another is active, standby is told its name: at
// first, and when that changes.
//
// The lease is a row that expires by the database's clock. A lock of a session would be held for as
// long as the kernel believes in the connection, which is hours for a machine that is gone, and for
// ever for a process that is frozen. It spares two workers from doing the same; what keeps them from
// harm is the floor's compare-and-set.
func (s *Store) Lease(ctx context.Context, me string, standby func(active string)) (held context.Context, release func(), err error) {
	return s.lease(ctx, me, standby, standardLease())
}

func (s *Store) lease(ctx context.Context, me string, standby func(string),
	t leaseTimes,
) (held context.Context, release func(), err error) {
	l, err := s.newLease(ctx, t)
	if err != nil {
		return nil, nil, fmt.Errorf("lease: %w", err)
	}
	if err := l.wait(ctx, me, standby); err != nil {
		l.pool.Close()
		return nil, nil, fmt.Errorf("lease: %w", err)
	}
	held, release = l.hold(ctx)
	return held, release, nil
}

// lease is one taking of the row. Its connection is its own: while all others are busy with something
// long it must be renewed all the same.
type lease struct {
	leaseTimes
	pool   *pgxpool.Pool
	holder string
	asked  time.Time // when the last renewal that succeeded was asked for
}

func (s *Store) newLease(ctx context.Context, t leaseTimes) (*lease, error) {
	config := s.pool.Config()
	config.MinConns, config.MaxConns = 0, 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &lease{leaseTimes: t, pool: pool, holder: rand.Text()}, nil
}

func (l *lease) wait(ctx context.Context, me string, standby func(string)) error {
	for active := ""; ; {
		l.asked = time.Now()
		n, name, err := l.take(ctx, me)
		if err != nil || n > 0 {
			return err
		}
		if name != active {
			active = name
			standby(active)
		}
		if err := pause.For(ctx, l.every); err != nil {
			return err
		}
	}
}

// take answers how many it has taken, and who holds it otherwise.
func (l *lease) take(ctx context.Context, me string) (n int64, active string, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.question)
	defer cancel()
	n, err = q.TakeLease(ctx, l.pool, dbsqlc.TakeLeaseParams{Holder: l.holder, Name: me, TermS: l.term.Seconds()})
	if err == nil && n == 0 {
		active, err = q.LeaseHolder(ctx, l.pool)
	}
	return n, active, err
}

// hold renews the lease until it is given back or lost.
func (l *lease) hold(ctx context.Context) (held context.Context, release func()) {
	held, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		for l.renewed(held) {
			_ = pause.For(held, l.every)
		}
	}()
	return held, func() {
		cancel()
		<-ended
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), l.question)
		defer stop()
		_ = q.LeaveLease(last, l.pool, l.holder) // it expires anyway
		go l.pool.Close()                        // pgx takes 15 s to give a silent connection up
	}
}

// errLeaseLost: another has it.
var errLeaseLost = errors.New("another worker has taken the lease")

// renewed tries until the lease is renewed. It gives up when another has it, or when so much time has
// gone by since the last renewal was asked for that another may: so who was frozen asks nothing.
func (l *lease) renewed(ctx context.Context) bool {
	ctx, cancel := context.WithDeadline(ctx, l.asked.Add(l.term-l.margin))
	defer cancel()
	for ctx.Err() == nil {
		now := time.Now()
		err := l.renew(ctx)
		switch {
		case err == nil && ctx.Err() == nil:
			l.asked = now
			return true
		case errors.Is(err, errLeaseLost):
			return false
		}
		_ = pause.For(ctx, l.every/4)
	}
	return false
}

func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.question)
	defer cancel()
	n, err := q.RenewLease(ctx, l.pool, dbsqlc.RenewLeaseParams{Holder: l.holder, TermS: l.term.Seconds()})
	if err == nil && n == 0 {
		err = errLeaseLost
	}
	return err
}
