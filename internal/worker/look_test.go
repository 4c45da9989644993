package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// subjects is a world in which some users are due, and Keycloak answers or not.
type subjects struct {
	mu        sync.Mutex
	due       []string
	told      tokenstate.Millis // when something last happened to them
	tokens    int               // that each of them has
	unbound   []projection.Unbound
	asked     []string
	published []events.Message
	bound     []string
	err       error
	patient   []string // due, too, but may wait
	realms    map[string]int
	held      []string // who has a token or a key
	onPublish func(events.Message)
	named     []string          // clients that were asked for by client_id
	noClient  map[string]error  // clients that are not there; what asking for them answers
	asOf      tokenstate.Millis // of the last question who is due
}

func (s *subjects) Realms() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.realms
}

func (s *subjects) HeldUsers(string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.held)
}

func (*subjects) Rules() tokenstate.Rules { return tokenstate.DefaultRules() }

func (s *subjects) setRealms(realms map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.realms = realms
}

func (s *subjects) setPatient(users []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patient = users
}

func (s *subjects) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.patient)
}

func (s *subjects) setDue(users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = users
}

// askedAbout are the users who were looked at, in order.
func (s *subjects) askedAbout() (users []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		user, _, _ := strings.Cut(a, " ")
		users = append(users, user)
	}
	return users
}

func (s *subjects) Due(now tokenstate.Millis) (ds []tokenstate.Want) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asOf = now
	for _, user := range s.due {
		ds = append(ds, tokenstate.Want{Scope: tokenstate.Scope{Realm: "demo", User: user}, Urgent: true, Told: s.told, Tokens: s.tokens})
	}
	for _, user := range s.patient {
		ds = append(ds, tokenstate.Want{Scope: tokenstate.Scope{Realm: "demo", User: user}})
	}
	return ds
}

func (*subjects) TokensOf(_, user, _ string) []projection.Token {
	return []projection.Token{{Token: tokenstate.Token{Client: "client-of-" + user}}}
}

func (s *subjects) UnboundClients() []projection.Unbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unbound)
}

func (s *subjects) Look(_ context.Context, sc tokenstate.Scope, tokens []tokenstate.Token) ([]events.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, sc.User+" "+tokens[0].Client)
	return []events.Message{{ID: "look-at-" + sc.User}}, s.err
}

func (s *subjects) LookNamed(_ context.Context, _, clientID string) (events.Message, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named = append(s.named, clientID)
	if err, gone := s.noClient[clientID]; gone {
		return events.Message{}, "", err
	}
	return events.Message{ID: "look-named"}, "uuid", nil
}

func (s *subjects) Publish(_ context.Context, m events.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.published = append(s.published, m)
	if s.onPublish != nil {
		s.onPublish(m)
	}
	return nil
}

func (s *subjects) BindClient(_ context.Context, realm, clientID, uuid string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound = append(s.bound, realm+" "+clientID+" "+uuid)
	s.unbound = slices.DeleteFunc(s.unbound, func(u projection.Unbound) bool { return u.ClientID == clientID })
	return 1, nil
}

func (s *subjects) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// during runs a looker for a while of made-up time.
func during(s *subjects, rate int, d time.Duration, more ...func()) *Looker {
	l := &Looker{Known: s, Ask: s, Log: s, Bind: s, Interval: time.Second, Rate: rate, Logger: zerolog.Nop()}
	end := looking(l)
	<-time.After(d)
	synctest.Wait()
	for _, f := range more {
		f()
	}
	end()
	return l
}

// looking runs a looker until its end is asked for, and waits for that.
func looking(l *Looker) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	return func() { cancel(); <-done }
}

// Ensure a subject that stays due is looked at with growing pauses, the first one after the
// listener had its chance, and never at once again.
func TestLooksBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{due: []string{"u"}}
		var oldest time.Duration
		l := during(s, 100, 60*time.Second+time.Millisecond, func() {})
		oldest = l.Oldest(time.Now())
		if n := s.count(); n < 4 || n > 7 {
			t.Fatalf("%d looks in a minute", n)
		}
		if s.asked[0] != "u client-of-u" || s.published[0].ID != "look-at-u" {
			t.Fatalf("%v %v", s.asked, s.published)
		}
		if oldest < 59*time.Second {
			t.Fatalf("the oldest doubt is %s old", oldest)
		}
	})
}

// Ensure something new that happens to a subject which is due already does not wait for the pause of what
// happened before; not, if it happens all the time to somebody at whom a look is dear.
func TestNewsOfADueSubject(t *testing.T) {
	for name, c := range map[string]struct{ tokens, least, most int }{
		"a few tokens": {tokens: 2, least: 15, most: 30},
		"hundreds":     {tokens: 200, least: 3, most: 12},
		"thousands":    {tokens: 5000, least: 3, most: 7},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &subjects{due: []string{"u"}, tokens: c.tokens}
				var looks []int
				during(s, 100, 40*time.Second, func() {
					for range 10 { // in the pause of a minute
						s.mu.Lock()
						s.told++
						s.mu.Unlock()
						before := s.count()
						<-time.After(2*time.Second + time.Millisecond)
						synctest.Wait()
						looks = append(looks, s.count()-before)
					}
				})
				if few := slices.Min(looks) > 0; few != (c.tokens == 2) {
					t.Errorf("looks within two seconds of each: %v", looks)
				}
				if n := s.count(); n < c.least || n > c.most {
					t.Errorf("%d looks in a minute", n)
				}
			})
		})
	}
}

// Ensure whoever is not due any more is forgotten, so that the next doubt is looked at soon.
func TestSettledSubjectsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{due: []string{"u"}}
		during(s, 100, 40*time.Second, func() {
			s.mu.Lock()
			s.due = nil
			s.mu.Unlock()
			<-time.After(2 * time.Second)
			s.mu.Lock()
			s.due, s.asked = []string{"u"}, nil
			s.mu.Unlock()
			<-time.After(3 * time.Second)
			synctest.Wait()
			if s.count() == 0 {
				t.Error("a new doubt waits for the pause of an old one")
			}
		})
	})
}

func TestRateOfLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{}
		for n := range 100 {
			s.due = append(s.due, fmt.Sprint("u", n))
		}
		during(s, 5, 10*time.Second)
		if n := s.count(); n < 20 || n > 60 {
			t.Fatalf("%d looks in ten seconds at five a second", n)
		}
	})
}

// Ensure one look that finds Keycloak away ends the round, and that nothing is published then.
func TestKeycloakAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{err: fmt.Errorf("look: %w", ErrAway)}
		for n := range 100 {
			s.due = append(s.due, fmt.Sprint("u", n))
		}
		during(s, 1000, 2500*time.Millisecond)
		if n := s.count(); n == 0 || n > 2*looksAtOnce || len(s.published) > 0 {
			t.Fatalf("%d looks, %d published", n, len(s.published))
		}
	})
}

func TestClientsAreBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subjects{unbound: []projection.Unbound{{Realm: "demo", ClientID: "app"}}}
		during(s, 100, 3*time.Second)
		if !slices.Equal(s.bound, []string{"demo app uuid"}) || len(s.published) != 1 {
			t.Fatalf("%v %v", s.bound, s.published)
		}
	})
}

// box is an outbox with a fault now and then.
type box struct {
	rows    []journal.Waiting
	relayed []string
	sent    []string
	fail    int
}

func (b *box) Outbox(_ context.Context, most int) ([]journal.Waiting, error) {
	var rest []journal.Waiting
	for _, r := range b.rows {
		if !slices.Contains(b.relayed, r.ID) {
			rest = append(rest, r)
		}
	}
	return rest[:min(most, len(rest))], nil
}

func (b *box) Relayed(_ context.Context, ids []string) error {
	b.relayed = append(b.relayed, ids...)
	return nil
}

func (b *box) Publish(_ context.Context, m events.Message) error {
	if b.fail--; b.fail >= 0 {
		return errors.New("NATS is away")
	}
	b.sent = append(b.sent, m.ID)
	return nil
}

func row(t *testing.T, m events.Message) journal.Waiting {
	t.Helper()
	raw, err := events.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Waiting{ID: m.ID, Raw: raw}
}

// Ensure orders reach the log in their order, faults are tried again, and nothing but an order
// of authapi goes out by the worker's rights.
func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order := func(id string, source events.Source, body events.Body) events.Message {
			return events.Message{ID: id, Realm: "demo", At: 1_700_000_000_000, Source: source, Body: body}
		}
		good := &events.Order{Order: events.OrderRevoke, By: "b", User: "u", Before: 5, Tokens: true}
		b := &box{fail: 2}
		for n := range relayAtOnce + 5 {
			b.rows = append(b.rows, row(t, order(fmt.Sprintf("order-%04d", n), events.Authapi, good)))
		}
		b.rows = append(b.rows,
			row(t, order("a-pardon-x", events.Authapi, &events.Pardon{Cause: "cause-1", By: "b", Reason: "r"})),
			row(t, order("not-authapi", events.Worker, good)), journal.Waiting{ID: "nonsense", Raw: []byte("{")})
		forged := row(t, order("order-9999", events.Authapi, good))
		forged.ID = "another-id"
		b.rows = append(b.rows, forged)
		r := &Relay{Outbox: b, Log: b, Interval: time.Second, Logger: zerolog.Nop()}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = r.Run(ctx) }()
		<-time.After(10 * time.Second)
		synctest.Wait()
		cancel()
		<-done
		if len(b.sent) != relayAtOnce+5 || !slices.IsSorted(b.sent) || len(b.relayed) != len(b.rows) {
			t.Fatalf("%d sent, %d marked of %d", len(b.sent), len(b.relayed), len(b.rows))
		}
	})
}
