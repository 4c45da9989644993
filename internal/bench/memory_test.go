package bench

import (
	"context"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// loaded is a projection of the population, as a program has it after its start.
func (b *bench) loaded() *projection.Projection {
	b.Helper()
	known := projection.New(source{b.population}, projection.Options{LoadLimit: 1 << 40}, zerolog.Nop())
	b.running(known.Run)
	if err := known.WaitVersion(b.Context(), 1); err != nil {
		b.Fatal(err)
	}
	return known
}

// running runs f beside the measuring, until it is stopped or the group is done.
func (b *bench) running(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.Cleanup(stop)
	return stop
}

// heapGoal is bytes a token, also where maps have just doubled and are half empty, as at a million (docs/decisions/0025).
const heapGoal = 700

// memory is what a loaded projection takes, and what it answers by itself.
func memory(b *bench) {
	peer := b.peerCollected()
	plain := b.bareMap()
	before := heap()
	known := b.loaded()
	b.row("heap a token", "B", atMost(heapGoal), (heap()-before)/float64(b.n))
	b.answers(known, plain)
	b.collections(peer)
	judged := b.token(0)
	b.collecting(func() { known.Judge(judged) })
	b.row("the first tick of Due", "ms", atMost(60_000), milliseconds(1, func() { known.Due(b.now()) })...)
	if due := known.Due(b.now()); len(due) != 0 {
		b.Errorf("%d are due, the first %+v", len(due), due[0])
	}
	b.row("an idle tick of Due", "ms", atMost(5), milliseconds(b.rounds, func() { known.Due(b.now()) })...)
	b.row("SweptUntil, which a scrape asks for", "ms", atMost(5), milliseconds(b.rounds, func() { known.SweptUntil() })...)
	b.row("Owners and Realms, which pages ask for", "ms", atMost(5), milliseconds(b.rounds, func() { known.Owners(); known.Realms() })...)
	b.strangers()
}

// answers is what is found by itself, beside what is found in a bare map of so many.
func (b *bench) answers(known *projection.Projection, plain *bare) {
	const calls = 100_000
	users, asked, one := make([]string, calls), make([]tokenstate.Token, calls), b.token(0)
	for i := range asked { // what all tokens have lies in the processor's cache, as what a request has just said
		n := i * 7919 % b.n
		t := one
		t.User, t.Session, t.IssuedAt = id('u', n), id('s', n), b.at(n).Second()
		users[i], asked[i] = t.User, t
	}
	if v := known.Judge(one); v.State != tokenstate.Usable || v.InDoubt {
		b.Fatalf("a token of the population is %+v", v)
	}
	b.row("one of so many found in a bare map", "ns", none, plain.lookups(b.rounds, users)...)
	judge := func(i int) { known.Judge(asked[i]) }
	verdicts, ratios := plain.against(b.rounds, users, judge)
	b.row("a verdict on a stored token", "ns", none, verdicts...)
	b.row("a verdict on a stored token ÷ a bare map", "", atMost(8), ratios...)
	owners, ratios := plain.against(b.rounds, users, func(i int) { known.Owner("demo", asked[i].User) })
	b.row("an owner", "ns", none, owners...)
	b.row("an owner ÷ a bare map", "", atMost(4), ratios...)
	for i := range asked {
		asked[i].Client = ""
	}
	unbound, ratios := plain.against(b.rounds, users, judge)
	b.row("a verdict where the client's UUID is not known", "ns", none, unbound...)
	b.row("a verdict where the client's UUID is not known ÷ a bare map", "", atMost(8), ratios...)
}

// strangers is what is known of people who log out once and hold nothing here, until it is forgotten.
func (b *bench) strangers() {
	n := min(b.n, 200_000)
	before, known := heap(), tokenstate.NewFacts()
	for _, m := range b.logouts('x', n, n) {
		known.Add(tokenstate.Learn(m))
	}
	b.row("heap of somebody who holds nothing, until the keep", "B", none, (heap()-before)/float64(n))
	known.ForgetLike(tokenstate.NewFacts(), b.now()+events.Millis(n*between)+events.Millis(time.Hour.Milliseconds()))
	b.row("and the room that stays after it, for the next ones", "B", none, (heap()-before)/float64(n))
	runtime.KeepAlive(known)
}
