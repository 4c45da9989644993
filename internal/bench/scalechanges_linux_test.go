package bench

import (
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	changesEach  = 100 // of a batch, ten of which come a second
	changesUntil = 30  // seconds
	walSoFar     = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8"
)

// follows has a thousand users a second lose their sessions, from the last user on, while keys are asked about.
func (s *scale) follows() {
	s.Helper()
	batches := min(10*changesUntil, s.n/4/changesEach)
	applied := make(chan int, batches) // the last user of a batch
	var lags []float64
	var watching sync.WaitGroup
	watching.Go(func() {
		for user := range applied {
			lags = append(lags, s.untilRevoked(user))
		}
	})
	ended := make(chan struct{})
	var asked []float64
	watching.Go(func() { asked = s.asking(ended) })

	processor, wal, began := s.api.processorSeconds(), s.number(walSoFar), time.Now()
	tick := time.NewTicker(time.Second / 10)
	defer tick.Stop()
	for i := range batches {
		<-tick.C
		last := s.n - 1 - i*changesEach
		s.loggedOut(last-changesEach+1, changesEach)
		if i%5 == 4 {
			applied <- last
		}
	}
	took := time.Since(began).Seconds()
	close(applied)
	close(ended)
	watching.Wait()
	changes := float64(batches * changesEach)
	s.tell("changes followed", "changes/s", changes/took)
	s.lateOf("from the worker's commit until authapi answers by it", lags)
	s.lateOf("a key meanwhile", asked)
	s.tell("processor time of authapi for a change, keys included", "ms", 1000*(s.api.processorSeconds()-processor)/changes)
	s.tell("WAL a change", "B", (s.number(walSoFar)-wal)/changes)
	now, most := s.api.memory()
	s.tell("memory of authapi afterwards", "GB", now/gigabyte)
	s.tell("the most that it has had", "GB", most/gigabyte)
}

// asking asks about keys of users whom nothing happens to, a hundred a second.
func (s *scale) asking(ended <-chan struct{}) (took []float64) {
	tick := time.NewTicker(time.Second / 100)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ended:
			return took
		case <-tick.C:
			a, err := s.backend.Me(s.Context(), keyOf(s.early(i)).Text().Reveal())
			if err != nil || a.Status != ok {
				s.Errorf("a key while authapi follows: %v %d %v", err, a.Status, a.Body)
				return took
			}
			took = append(took, float64(a.Took.Microseconds())/1000)
		}
	}
}

// loggedOut applies what a worker learns when these users have no session any more.
func (s *scale) loggedOut(from, n int) {
	s.Helper()
	looks := make([]events.Message, n)
	for i := range looks {
		looks[i] = s.lostSession(from + i)
		looks[i].Received = looks[i].At
	}
	s.applied(looks...)
}

// applied are messages as a worker applies them.
func (s *scale) applied(ms ...events.Message) {
	s.Helper()
	b := journal.Batch{Facts: tokenstate.NewFacts()}
	var err error
	b.From, err = s.store.Floor(s.Context())
	s.must(err)
	b.To = b.From
	for _, m := range ms {
		b.To.Seq++
		b.Facts.Learn(m)
		b.Lines = append(b.Lines, s.line(m, b.To.Seq))
	}
	_, err = s.store.Apply(s.Context(), b)
	s.must(err)
}

// untilRevoked is for how many milliseconds a user's token is not held to be revoked.
func (s *scale) untilRevoked(user int) float64 {
	began := time.Now()
	for said := (play.Verdict{}); said.State != tokenstate.Revoked.String(); said = s.verdicts([]int{user})[0] {
		if time.Since(began) > time.Minute {
			s.Errorf("the token of user %d is not revoked within a minute: %+v", user, said)
			break
		}
	}
	return float64(time.Since(began).Microseconds()) / 1000
}

// withdraws ends everything in the realm, as an operator's revoke --all --keys does.
func (s *scale) withdraws() {
	s.Helper()
	now := events.Millis(time.Now().UnixMilli())
	order := &events.Order{Order: events.OrderRevoke, Tokens: true, Keys: true, By: "bench", Before: now.Second() + 1}
	s.timed("counting what an order for the whole realm reaches", func() {
		reached, err := s.store.Reach(s.Context(), "demo", order)
		s.must(err)
		if reached.Tokens != int64(s.n) {
			s.Fatalf("it reaches %+v of %d", reached, s.n)
		}
	})
	m := events.Message{ID: id('w', 0), Realm: "demo", At: now, Received: now, Source: events.Operator, Body: order}
	processor, wal := s.api.processorSeconds(), s.number(walSoFar)
	s.timed("the order, until authapi answers by it", func() {
		s.applied(m)
		s.untilRevoked(s.early(0))
	})
	s.tell("WAL of that", "B", s.number(walSoFar)-wal)
	s.tell("processor time of authapi for that", "ms", 1000*(s.api.processorSeconds()-processor))
}
