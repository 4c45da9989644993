package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of a history with programs.
const (
	somePrograms = 4 // seeds in make test, the first of those of make sim
	tick         = 50 * time.Millisecond
	patience     = 30 * time.Minute // for everything to be quiet, once nothing is broken any more
	remembered   = time.Minute      // after a restore, for which nothing may be taken back
)

// programs are two workers, each with its reader, on a log and a store in memory, beside a history of the model. Time is
// synctest's: it stands still while anybody works.
type programs struct {
	mu     sync.Mutex // of the history
	r      *run
	log    *memoryLog
	store  *memoryStore
	procs  [2]*process
	chance *rand.Rand                  // what is broken next; only the history's goroutine draws from it
	given  map[string]bool             // authapi's orders
	stored int                         // tokens of the history that the store was given
	copy   database                    // an older backup
	dead   map[tokenstate.Token]string // tokens, in the store when the backup was put under the programs
	since  time.Time                   // when that was
}

// Ensure that the programs themselves, killed, cut off, frozen and with an older database put under them, come to the
// verdicts that are the model's answers. SIM_PROGRAM_SEEDS says how many histories, SIM_SEED the first.
func TestProgramsEqualTheModel(t *testing.T) {
	first, seeds := number(t, "SIM_SEED", 1), number(t, "SIM_PROGRAM_SEEDS", somePrograms)
	var all tally
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+seeds; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := playPrograms(seed)
					all.add(r)
					if r.failed() {
						t.Errorf("%s\n%s", r.how(), r.text())
					}
				})
			})
		}
	})
	fmt.Printf("programs: histories=%d messages=%d compared=%d in_doubt=%d failed=%d per_s=%.1f\n", //nolint:forbidigo // beside the contract's line
		seeds, all.messages, all.compared, all.inDoubt, all.failed, float64(seeds)/time.Since(began).Seconds())
}

func playPrograms(seed uint64) result {
	_ = pause.For(context.Background(), time.Until(epoch.Time()))
	h := generate(seed, length)
	p := &programs{given: map[string]bool{}, r: begin(h), log: newMemoryLog(), store: newMemoryStore(h.rules, h.database), chance: rand.New(rand.NewPCG(seed, 4))}
	p.copy = p.store.backup()
	p.r.judge = func(t tokenstate.Token) tokenstate.Verdict { return p.procs[0].known.Judge(t) }
	p.r.owner = func(user string) tokenstate.Ownership { return p.procs[0].known.Owner(realm, user) }
	p.r.deliver = p.deliver
	for u := range userCount {
		p.store.keys = append(p.store.keys, apikey.Record{ID: "key-" + name("u", u), Realm: realm, User: name("u", u), Created: 1})
	}
	for i := range p.procs {
		p.procs[i] = p.start()
	}
	defer func() {
		for _, x := range p.procs {
			x.end()
		}
	}()
	for _, s := range h.steps {
		p.pass(time.Duration(s.Wait+1) * time.Millisecond)
		p.do(s)
	}
	p.check()
	p.pass(time.Duration(h.rules.Sweep+2*farthest) * time.Millisecond)
	p.r.silent = [userCount]bool{}
	p.check()
	p.laws()
	return p.r.result
}

// deliver takes what the history sends: what authapi says goes by the store and its outbox, all else into the log. The
// history's lock is held.
func (p *programs) deliver(m events.Message) {
	put := p.log.put
	if m.Source == events.Authapi {
		put = p.store.order
	}
	if p.given[m.ID] {
		return // the history lets some come twice, which authapi does not
	}
	p.given[m.ID] = m.Source == events.Authapi
	if err := put(m); err != nil {
		panic(fmt.Sprintf("%s: %v", m.ID, err))
	}
}

func (p *programs) do(s step) {
	if p.chance.IntN(2) == 0 {
		p.disturb()
	}
	switch s.Act {
	case "worker": // it works by itself
	case "check":
		p.check()
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.r.do(s)
	}
}

// pass lets time go by, for the history as for the programs.
func (p *programs) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		_ = pause.For(context.Background(), time.Until(p.next(end)))
		p.mu.Lock()
		p.r.until(millis(time.Now().UnixMilli()))
		for ; p.stored < len(p.r.held); p.stored++ {
			p.store.putToken(p.r.held[p.stored].token)
		}
		if time.Since(p.since) < remembered {
			p.takenBack()
		}
		p.mu.Unlock()
	}
}

// next is when something is to be done, end at the latest.
func (p *programs) next(end time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := end
	if time.Since(p.since) < remembered && time.Until(next) > tick {
		next = time.Now().Add(tick)
	}
	if len(p.r.later) > 0 && p.r.later[0].at.Time().Before(next) {
		next = p.r.later[0].at.Time()
	}
	return next
}

// look is what Keycloak answers now, by the asking process's own chance.
func (p *programs) look(s tokenstate.Scope, chance *rand.Rand) (ms []events.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.r.now = max(p.r.now, millis(time.Now().UnixMilli()))
	p.r.answer(tokenstate.Want{Scope: s, Urgent: chance.IntN(2) == 0}, chance, func(m events.Message) {
		m.Realm, m.Server = realm, "26.7.3"
		ms = append(ms, m)
	})
	return ms
}
