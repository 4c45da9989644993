package bench

import (
	"context"
	"runtime"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const rounds = 5

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// loaded is a projection of the population, as a program has it after its start.
func loaded(t *testing.T, p population) *projection.Projection {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	known := projection.New(source{p}, projection.Options{LoadLimit: 1 << 40}, zerolog.Nop())
	done := make(chan error, 1)
	go func() { done <- known.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if err := known.WaitVersion(ctx, 1); err != nil {
		t.Fatal(err)
	}
	return known
}

// TestScale prints what each row of the table takes. It fails only where an answer is wrong.
func TestScale(t *testing.T) {
	p := population{tokens(t)}
	before := heap()
	known := loaded(t, p)
	row{"heap a token", "B", 700, []float64{(heap() - before) / float64(p.n)}}.print()
	row{"full GC", "ms", 400, scaled(each(rounds, 1, func(int) { runtime.GC() }), 1e6)}.print()

	const calls = 100_000
	asked := make([]tokenstate.Token, calls)
	for i := range asked {
		asked[i] = p.token(i * 7919 % p.n)
	}
	if v := known.Judge(asked[0]); v.State != tokenstate.Usable || v.InDoubt {
		t.Fatalf("a token of the population is %+v", v)
	}
	row{"a verdict on a stored token", "ns", 200, each(rounds, calls, func(i int) { known.Judge(asked[i]) })}.print()
	row{"an owner", "ns", 200, each(rounds, calls, func(i int) { known.Owner("demo", asked[i].User) })}.print()
	unknown := asked[:min(calls, 20_000_000/p.n)]
	for i := range unknown {
		unknown[i].Client = ""
	}
	row{"a verdict where the client's UUID is not known", "ns", 1500, each(rounds, len(unknown), func(i int) { known.Judge(unknown[i]) })}.print()
	row{"the first tick of Due", "ms", 60_000, scaled(each(1, 1, func(int) { known.Due(p.now()) }), 1e6)}.print()
	if due := known.Due(p.now()); len(due) != 0 {
		t.Errorf("%d are due, the first %+v", len(due), due[0])
	}
	row{"an idle tick of Due", "ms", 5, scaled(each(rounds, 1, func(int) { known.Due(p.now()) }), 1e6)}.print()
	row{"SweptUntil, which a scrape asks for", "ms", 5, scaled(each(rounds, 1, func(int) { known.SweptUntil() }), 1e6)}.print()
	row{"Owners and Realms, which pages ask for", "ms", 5, scaled(each(rounds, 1, func(int) { known.Owners(); known.Realms() }), 1e6)}.print()
}

// TestJudge prints what the core itself takes, without a projection.
func TestJudge(t *testing.T) {
	p := population{min(tokens(t), 100_000)}
	f, r := tokenstate.NewFacts(), tokenstate.DefaultRules()
	for i := range p.n {
		p.learn(f, i)
	}
	asked := make([]tokenstate.Token, p.n)
	for i := range asked {
		asked[i] = p.token(i * 7919 % p.n)
	}
	row{"Judge, computed", "ns", 1500, each(rounds, p.n, func(i int) { tokenstate.Judge(asked[i], f, r) })}.print()
	row{"Judge, allocations", "", 0, []float64{testing.AllocsPerRun(100, func() { tokenstate.Judge(asked[1], f, r) })}}.print()
	row{"Owner, computed", "ns", 200, each(rounds, p.n, func(i int) { tokenstate.Owner("demo", asked[i].User, f, r) })}.print()
}
