// Package audit keeps what is done with service credentials until it is written.
package audit

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// maxActs is how many acts wait to be written while the database is away; more are lost, counted
// and said in the log. At manyActs they are written before their time.
const (
	maxActs  = 10_000
	manyActs = 1_000
)

// Act is something done with a service credential, or with a key beyond telling whose it is.
type Act struct {
	At      time.Time
	Realm   string
	Actor   string // service:<name>, or key:<id> of a key that fetches access tokens
	Action  string // method and path template
	Target  string // the path, without what looks like a secret
	Status  int    // of the answer
	Times   int64  // equal acts that only read are one
	Request string // X-Request-Id
}

// Store keeps acts for good, in order.
type Store interface {
	WriteActs(ctx context.Context, acts []Act) error
}

// Trail holds acts until they are written. The act is not delayed, and it is not refused while
// the database is away: what changes something needs the database anyway.
type Trail struct {
	Lost prometheus.Counter // acts that are missing in the audit

	store Store
	wake  chan struct{}
	away  seldom

	mu    sync.Mutex
	acts  []Act
	reads map[Act]*Act // of the time until the next writing
	lost  int64
}

// NewTrail makes one; Flush writes what it holds.
func NewTrail(store Store) *Trail {
	return &Trail{Lost: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tokenstate_audit_lost_total", Help: "Acts with a service credential that the audit lacks.",
	}), store: store, wake: make(chan struct{}, 1), reads: map[Act]*Act{}}
}

// Add takes an act. Those that only read are counted: one row of them each ten seconds.
func (t *Trail) Add(a Act, reads bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a.Times = 1
	key := Act{Realm: a.Realm, Actor: a.Actor, Action: a.Action, Target: a.Target, Status: a.Status}
	if same := t.reads[key]; reads && same != nil {
		same.Times++
		return
	}
	held := len(t.acts) + len(t.reads)
	switch {
	case held >= maxActs:
		t.lost++
		return
	case reads:
		t.reads[key] = &a
	default:
		t.acts = append(t.acts, a)
	}
	if !reads || held == manyActs {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// Woken is nil, and so never ready, for nobody's trail.
func (t *Trail) Woken() <-chan struct{} {
	if t == nil {
		return nil
	}
	return t.wake
}

// write puts what is held into the store; on a fault it is held on.
func (t *Trail) write(ctx context.Context) (lost int64, err error) {
	t.mu.Lock()
	acts := t.acts
	for _, a := range t.reads {
		acts = append(acts, *a)
	}
	lost, t.lost = t.lost, 0
	t.acts, t.reads = nil, map[Act]*Act{}
	t.mu.Unlock()
	if len(acts) == 0 {
		return lost, nil
	}
	if err = t.store.WriteActs(ctx, acts); err == nil {
		return lost, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acts = append(acts, t.acts...)
	return lost, err
}

// writeLimit bounds one writing behind.
const writeLimit = 5 * time.Second

// Flush writes what is held.
func (t *Trail) Flush(ctx context.Context, logger *zerolog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	lost, err := t.write(ctx)
	if err == nil {
		if t.away.over() {
			logger.Info().Msg("the audit is written again")
		}
	} else if times, say := t.away.again(time.Now()); say {
		logger.Warn().Err(err).Int("times", times).Msg("the audit is not written now; it is held, and tried again. This is said once a minute")
	}
	if lost > 0 {
		t.Lost.Add(float64(lost))
		logger.Error().Int64("acts", lost).Msg("acts are missing in the audit: the database was away for too long")
	}
}
