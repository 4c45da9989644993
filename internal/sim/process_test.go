package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// process is one worker with what it runs: the applier, the looker, the relay, and its reader.
type process struct {
	link  *link
	known *projection.Projection
	stop  context.CancelFunc
	parts *errgroup.Group
	dead  map[tokenstate.Token]string // what it must not call usable any more
}

func (p *programs) start() *process {
	l := &link{chance: rand.New(rand.NewPCG(p.chance.Uint64(), 5))}
	log, store := logHandle{p.log, l}, storeHandle{p.store, l}
	x := &process{link: l, dead: p.dead, known: projection.New(store, projection.Options{}, zerolog.Nop())}
	ctx, stop := context.WithCancel(context.Background())
	x.stop = stop
	x.parts, ctx = errgroup.WithContext(ctx)
	w := &worker.Worker{Log: log, Store: store, Epochs: store, Logger: zerolog.Nop()}
	looks := &worker.Looker{
		Known: x.known, Ask: asker{p, rand.New(rand.NewPCG(p.chance.Uint64(), 6)), l}, Log: log, Bind: store, Interval: time.Second, Rate: 100, Logger: zerolog.Nop(),
		Now: func(context.Context) (tokenstate.Millis, error) { return p.store.now(), nil },
	}
	relay := &worker.Relay{Outbox: store, Log: log, Interval: time.Second, Logger: zerolog.Nop()}
	for _, run := range []func(context.Context) error{x.known.Run, w.Run, looks.Run, relay.Run} {
		x.parts.Go(func() error { return run(ctx) })
	}
	return x
}

// kill ends a process as SIGKILL does: what it was about to call is not called.
func (x *process) kill() {
	x.link.kill()
	x.end()
}

// end stops a process and waits for it.
func (x *process) end() {
	x.link.heal()
	x.stop()
	if err := x.parts.Wait(); err != nil {
		panic(err)
	}
}

// asker is Keycloak as one process has it.
type asker struct {
	p      *programs
	chance *rand.Rand // drawn from under the history's lock
	*link
}

// Look implements worker.Asker.
func (a asker) Look(ctx context.Context, s tokenstate.Scope, _ []tokenstate.Token) (ms []events.Message, err error) {
	err = a.pass(ctx, func() error { ms = a.p.look(s, a.chance); return nil })
	return ms, err
}

// LookNamed implements worker.Asker. The model's tokens say their clients.
func (asker) LookNamed(context.Context, string, string) (events.Message, string, error) {
	panic("a token without its client")
}
