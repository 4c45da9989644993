package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// both are the store in memory and the one in Postgres, to which the same is done.
type both struct {
	t      *testing.T
	memory storeHandle
	pg     *postgres.Store
	source *pgsource.Source
	floor  journal.Floor
	before journal.Floor
	given  millis // orders
}

// Ensure the store in memory, on which programs are simulated, does what the adapter of Postgres does: batches, the same
// message again, a floor that has moved, orders, tokens, epochs, and the feed.
func TestMemoryStoreIsLikePostgres(t *testing.T) {
	for seed := range uint64(3) {
		pool := testenv.Postgres(t, postgres.MigrateURL)
		chance, h := rand.New(rand.NewPCG(seed, 6)), generate(seed+1, length)
		b := &both{
			t: t, memory: storeHandle{newMemoryStore(h.rules, 0), &link{chance: chance}},
			pg: postgres.New(pool), source: pgsource.New(pool, time.Second),
		}
		t.Cleanup(b.source.Close)
		must(t, b.pg.SetRules(t.Context(), h.rules))
		log := play(h).log
		for range 40 {
			b.step(chance, log)
			b.compare()
		}
		if b.compare() == 0 {
			t.Error("nothing was ever learnt")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// step does one thing to both.
func (b *both) step(chance *rand.Rand, log []events.Message) {
	ctx := b.t.Context()
	some := log[chance.IntN(len(log)):]
	switch chance.IntN(6) {
	case 0, 1:
		b.apply(chance, some[:min(len(some), 1+chance.IntN(12))])
	case 2:
		at := tokenstate.Token{
			Realm: realm, User: "u0", Client: "c0", ClientID: "app0", Session: name("s", chance.IntN(2)), IssuedAt: seconds(1 + chance.IntN(9)),
		}
		_, err := b.pg.PutToken(ctx, postgres.StoredToken{Token: at, Verified: true}, nil)
		must(b.t, err)
		b.memory.s.putToken(at)
	case 3:
		b.order(chance)
	case 4:
		must(b.t, b.pg.Restored(ctx))
		must(b.t, b.memory.Restored(ctx))
	case 5:
		for _, e := range []worker.Epochs{b.pg, b.memory} {
			history, err := e.History(ctx)
			must(b.t, err)
			must(b.t, e.Confirm(ctx, history))
			if e.Confirm(ctx, "another") == nil {
				b.t.Error("another history is confirmed")
			}
		}
	}
}

// order gives one, and relays what waits now and then.
func (b *both) order(chance *rand.Rand) {
	b.given++
	m := events.Message{
		ID: fmt.Sprintf("given-%05d", b.given), Realm: realm, At: epoch + b.given/2, Source: events.Authapi,
		Body: &events.Order{Order: events.OrderStanding, By: "backend", User: name("u", chance.IntN(2)), Enabled: chance.IntN(2) == 0},
	}
	_, err := b.pg.Order(b.t.Context(), m)
	must(b.t, err)
	must(b.t, b.memory.s.order(m))
	if chance.IntN(3) > 0 {
		return
	}
	waiting, err := b.pg.Outbox(b.t.Context(), 2)
	must(b.t, err)
	for _, w := range waiting {
		must(b.t, b.pg.Relayed(b.t.Context(), []string{w.ID}))
		must(b.t, b.memory.Relayed(b.t.Context(), []string{w.ID}))
	}
}

// apply gives both the same batch, sometimes on a floor that is not there any more.
func (b *both) apply(chance *rand.Rand, ms []events.Message) {
	batch := journal.Batch{From: b.floor, To: b.floor, Facts: tokenstate.NewFacts()}
	for _, m := range ms {
		raw, err := events.Encode(m)
		must(b.t, err)
		sum := sha256.Sum256(raw)
		batch.To = journal.Floor{Stream: "TOKENSTATE", Created: time.UnixMilli(1).UTC(), Seq: batch.To.Seq + 1, Digest: hex.EncodeToString(sum[:])}
		batch.Lines = append(batch.Lines, worker.LineOf(m, journal.Entry{Seq: batch.To.Seq, Received: m.Received, Raw: raw}))
		batch.Facts.Add(tokenstate.Learn(m))
	}
	if chance.IntN(4) == 0 {
		batch.From = b.before
	}
	ctx := b.t.Context()
	one, err := b.pg.Apply(ctx, batch)
	other, otherErr := b.memory.Apply(ctx, batch)
	if one != other || errors.Is(err, journal.ErrNotActive) != errors.Is(otherErr, journal.ErrNotActive) || (err == nil) != (otherErr == nil) {
		b.t.Fatalf("Postgres %+v %v, memory %+v %v", one, err, other, otherErr)
	}
	if err == nil {
		b.before, b.floor = b.floor, batch.To
	}
}

// compare holds all that can be read of the one to the other, and gives how many facts there are.
func (b *both) compare() int {
	b.t.Helper()
	one, facts := b.read(b.source, b.pg, b.pg)
	other, _ := b.read(b.memory, b.memory, b.memory)
	if d := cmp.Diff(one, other); d != "" {
		b.t.Fatalf("Postgres (-) and memory (+): %s", d)
	}
	return facts
}

func (b *both) read(source projection.Source, store worker.Store, outbox worker.Outbox) (said []string, facts int) {
	ctx := b.t.Context()
	floor, err := store.Floor(ctx)
	must(b.t, err)
	waiting, err := outbox.Outbox(ctx, 100)
	must(b.t, err)
	status, err := source.Status(ctx)
	must(b.t, err)
	var snap projection.Snapshot
	must(b.t, source.Snapshot(ctx, &snap))
	news, err := source.News(ctx, 0)
	must(b.t, errors.Join(err, news.Gap))
	said = append(said, fmt.Sprint(floor.Seq, floor.Digest, status.Confirmed, snap.Version, news.Now.Version))
	for _, w := range waiting {
		said = append(said, "waiting "+w.ID)
	}
	said = append(said, sorted(snap.Facts.Rows(), func(r tokenstate.Row) string { return fmt.Sprintf("fact %s %+v", r.Kind(), r) })...)
	said = append(said, sorted(snap.Tokens, func(t projection.Token) string { return fmt.Sprintf("token %+v", t.Token) })...)
	changed := map[string]string{} // what changed twice is told as it is now
	for _, c := range news.Now.Changes {
		if c.Token != nil {
			changed["token "+c.Token.Token.Session] = fmt.Sprintf("changed: %+v", c.Token.Token)
		} else {
			changed[c.Fact.Kind()+c.Fact.RowKey()] = fmt.Sprintf("changed: %s %+v", c.Fact.Kind(), c.Fact)
		}
	}
	said = append(said, slices.Sorted(maps.Values(changed))...)
	return said, len(snap.Facts.Rows())
}

func sorted[T any](all []T, text func(T) string) (lines []string) {
	for _, x := range all {
		lines = append(lines, text(x))
	}
	slices.Sort(lines)
	return lines
}
