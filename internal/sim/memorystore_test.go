package sim

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// memoryStore is the database in memory: what internal/tokenstate/postgres does of it for a worker and a reader.
// TestMemoryStoreIsLikePostgres holds the one to the other.
type memoryStore struct {
	mu    sync.Mutex
	rules tokenstate.Rules
	clock millis // ahead of the log's
	keys  []apikey.Record
	news  chan struct{} // closed at each commit
	database
}

// database is what a backup holds.
type database struct {
	floor     journal.Floor
	rows      map[string]tokenstate.Row
	ids       map[string]bool // of the journal
	feed      []projection.Version
	tokens    map[projection.Place]projection.Token
	outbox    []journal.Waiting
	parked    int
	epoch     int64
	history   int
	confirmed [2]int64 // the epoch and history of the last Confirm
}

func newMemoryStore(rules tokenstate.Rules, clock millis) *memoryStore {
	return &memoryStore{rules: rules, clock: clock, news: make(chan struct{}), database: database{
		rows: map[string]tokenstate.Row{}, ids: map[string]bool{}, tokens: map[projection.Place]projection.Token{}, confirmed: [2]int64{-1, -1},
	}}
}

func (s *memoryStore) backup() database {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.database
	d.rows, d.ids, d.tokens = maps.Clone(d.rows), maps.Clone(d.ids), maps.Clone(d.tokens)
	d.feed, d.outbox = slices.Clone(d.feed), slices.Clone(d.outbox)
	return d
}

// restore puts a backup under the programs. What was committed since is lost, and the history is another one.
func (s *memoryStore) restore(d database) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.history = s.history + 1
	s.database = d
	s.committed()
}

// committed wakes who waits for news; the caller has the lock.
func (s *memoryStore) committed() {
	close(s.news)
	s.news = make(chan struct{})
}

func (s *memoryStore) now() millis { return millis(time.Now().UnixMilli()) + s.clock }

// join adds facts, and gives what changed.
func (s *memoryStore) join(f tokenstate.Facts) (changed []projection.Change) {
	for _, r := range f.Rows() {
		k := r.Kind() + "\x00" + r.RowKey()
		joined := tokenstate.FactsOf([]tokenstate.Row{r})
		old := s.rows[k]
		if old != nil {
			old.AddTo(joined)
		}
		if r = joined.Rows()[0]; !reflect.DeepEqual(r, old) {
			s.rows[k] = r
			changed = append(changed, projection.Change{Fact: r})
		}
	}
	return changed
}

// announce gives changes the next version.
func (s *memoryStore) announce(changes []projection.Change) int64 {
	if len(changes) == 0 {
		return 0
	}
	v := int64(len(s.feed) + 1)
	nonce := strconv.Itoa(s.history) + "-" + strconv.FormatInt(v, 10)
	s.feed = append(s.feed, projection.Version{Version: v, Nonce: nonce, Changes: changes})
	s.committed()
	return v
}

func (s *memoryStore) putToken(t tokenstate.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := projection.Place{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID}
	if old, ok := s.tokens[at]; ok && (old.Token.IssuedAt > t.IssuedAt || old.Token == t) {
		return
	}
	stored := projection.Token{Token: t, Custody: "sealed", Verified: true}
	s.tokens[at] = stored
	s.announce([]projection.Change{{Token: &stored}})
}

// holds reports whether the token is the newest of its place.
func (s *memoryStore) holds(t tokenstate.Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[projection.Place{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID}].Token == t
}

// order acts at once, and waits to be relayed. It is dated after what it overrules.
func (s *memoryStore) order(m events.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.At = max(m.At, s.newestLike(m.Body.(*events.Order))+1)
	return s.orderAgain(m)
}

// newestLike is the date of what the same source has said of the same subject before.
func (s *memoryStore) newestLike(o *events.Order) (at millis) {
	for _, row := range s.rows {
		switch r := row.(type) {
		case tokenstate.StandingRow:
			if o.Order == events.OrderStanding && r.Subject.Authority == tokenstate.Backend && r.Subject.Scope.User == o.User {
				at = max(at, r.Value.At)
			}
		case tokenstate.RefusalRow:
			seat := r.ID.Scope
			if o.Order == events.OrderRefresh && seat.User == o.User && seat.Session == o.Session && r.ID.IssuedAt == o.IssuedAt &&
				(seat.Client == o.Client || seat.Client == o.ClientID) && (seat.Key == "" || seat.Key == o.ClientID) {
				at = max(at, r.Value.At)
			}
		}
	}
	return at
}

// orderAgain is order, as it was given; the caller has the lock.
func (s *memoryStore) orderAgain(m events.Message) error {
	raw, err := events.Encode(m)
	if err != nil {
		return err
	}
	s.outbox = append(s.outbox, journal.Waiting{ID: m.ID, Raw: raw, Created: time.Now()})
	m.Received = m.At
	s.announce(s.join(tokenstate.Learn(m)))
	return nil
}

// apply is Store.Apply: all of a batch, or nothing.
func (s *memoryStore) apply(b journal.Batch) (journal.Applied, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.floor.Same(b.From) {
		return journal.Applied{}, journal.ErrNotActive
	}
	f := tokenstate.NewFacts()
	for _, line := range b.Lines {
		if s.ids[line.ID] {
			continue
		}
		s.ids[line.ID] = true
		m, err := events.Decode(line.Raw)
		if err != nil {
			return journal.Applied{}, err // cannot be: the worker has decoded it
		}
		m.Received = line.Received
		f.Add(tokenstate.Learn(m))
	}
	changes := s.join(f)
	s.parked += len(b.Parked)
	s.floor = b.To
	return journal.Applied{Version: s.announce(changes), Changed: len(changes)}, nil
}

// errHistory is postgres.ErrOtherHistory.
var errHistory = errors.New("another history")

func (s *memoryStore) confirm(history string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if history != strconv.Itoa(s.history) {
		return errHistory
	}
	s.confirmed = [2]int64{s.epoch, int64(s.history)}
	s.committed()
	return nil
}

func (s *memoryStore) beginEpoch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.confirmed[0] == s.epoch {
		s.epoch++
	}
	s.committed()
}

func (s *memoryStore) relayed(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox = slices.DeleteFunc(s.outbox, func(w journal.Waiting) bool { return slices.Contains(ids, w.ID) })
}
