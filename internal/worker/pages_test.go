package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// keycloak is a listing of sessions and users, and what happens before a page is read.
type keycloak struct {
	subjects
	sessions []string // "user/session"
	users    []string
	before   func(k *keycloak, page int) error
	stuck    bool // the same page for ever
	clients  []string
	pages    int
	most     int
	at       events.Millis // of the pages; 0: 1000
}

func (k *keycloak) ClientsIn(string) []string { return k.clients }
func (*keycloak) Holds(_, user string) bool   { return user != "stranger" }

// PageTells: everybody is known as they are listed, but who has lost a role or is news.
func (*keycloak) PageTells(_, user string, p tokenstate.PageUser, _ events.Millis) (tell, ask bool) {
	return strings.HasPrefix(user, "news"), !p.OfflineAccess
}

func (k *keycloak) read(of *[]string, first, limit int) ([]string, error) {
	k.mu.Lock()
	k.pages++
	k.mu.Unlock()
	if k.before != nil {
		if err := k.before(k, k.pages); err != nil {
			return nil, err
		}
	}
	if k.stuck {
		first = 0
	}
	k.most = max(k.most, limit)
	rows := *of
	return rows[min(first, len(rows)):min(first+limit, len(rows))], nil
}

func (k *keycloak) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pages
}

func (k *keycloak) Sessions(_ context.Context, _, client string, first, limit int) (Page, error) {
	rows, err := k.read(&k.sessions, first, limit)
	p := Page{At: cmp.Or(k.at, 1000), Rows: len(rows)}
	for i, row := range rows {
		var user, session string
		_, _ = fmt.Sscanf(row, "%s %s", &user, &session)
		if i == 0 {
			p.Mark = session
		}
		p.Sessions = append(p.Sessions, events.ClientSession{Session: session, Client: client, User: user})
	}
	return p, err
}

func (k *keycloak) Users(_ context.Context, _ string, first, limit int, _ bool) (Page, error) {
	rows, err := k.read(&k.users, first, limit)
	p := Page{At: cmp.Or(k.at, 1000), Rows: len(rows)}
	for i, user := range rows {
		if i == 0 {
			p.Mark = user
		}
		p.Users = append(p.Users, events.UserSeen{User: user, Enabled: true})
	}
	return p, err
}

func crowd(n int) *keycloak {
	k := &keycloak{clients: []string{"c1"}}
	for i := range n {
		k.users = append(k.users, fmt.Sprintf("user-%06d", i))
		k.sessions = append(k.sessions, fmt.Sprintf("user-%06d session-%06d", i, i))
	}
	return k
}

func (k *keycloak) list(ctx context.Context) error {
	p := &Pages{Known: k, Ask: k, Log: k, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {}}
	return p.List(ctx, "demo", false)
}

// shown are the sessions and users that were published, each once.
func (k *keycloak) shown(t *testing.T) (sessions, users map[string]bool) {
	t.Helper()
	sessions, users = map[string]bool{}, map[string]bool{}
	for _, m := range k.published {
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatalf("a message that the log would refuse: %v", err)
		}
		if _, err := events.Decode(raw); err != nil {
			t.Fatal(err)
		}
		o := m.Body.(*events.Observation) // nothing else is published
		for _, u := range o.Users {
			users[u.User] = true
		}
		for _, r := range o.Rosters {
			if r.Complete || r.Client == "" || r.User != "" {
				t.Fatalf("a page that claims to be complete: %+v", r)
			}
			for _, s := range r.Sessions {
				sessions[s.Session] = true
			}
		}
	}
	return sessions, users
}

// Ensure that all are shown, by few requests and in messages that the log takes.
func TestPagesShowAll(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 5000, 20_000} {
		k := crowd(n)
		if err := k.list(t.Context()); err != nil {
			t.Fatal(err)
		}
		sessions, users := k.shown(t)
		if len(sessions) != n || len(users) != n || k.most > mostPage || k.pages > n/400+20 {
			t.Errorf("of %d: %d sessions, %d users, in %d pages of at most %d", n, len(sessions), len(users), k.pages, k.most)
		}
	}
}

// Ensure that who has nothing here leaves no fact.
func TestPagesLeaveStrangersOut(t *testing.T) {
	k := &keycloak{clients: []string{"c1"}, users: []string{"stranger", "a"}, sessions: []string{"stranger s1", "a s2"}}
	if err := k.list(t.Context()); err != nil {
		t.Fatal(err)
	}
	sessions, users := k.shown(t)
	if len(sessions) != 1 || len(users) != 1 || !sessions["s2"] || !users["a"] {
		t.Errorf("%v %v", sessions, users)
	}
}

// Ensure that a listing in which some go while it is read still shows nearly all who stay, and
// never says that anybody is absent.
func TestPagesShift(t *testing.T) {
	k := crowd(5000)
	gone := map[string]bool{}
	k.before = func(k *keycloak, page int) error {
		for range 3 { // of those that are listed first
			gone[k.users[page]] = true
			k.users = slices.Delete(k.users, page, page+1)
		}
		return nil
	}
	if err := k.list(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, users := k.shown(t)
	for _, user := range k.users {
		if !users[user] {
			t.Errorf("%s stayed and was not shown", user)
		}
	}
}

// Ensure that of a listing half of which goes while it is read, and into which others come, nothing
// false is learnt: nobody who lives is closed, nobody at all is settled whom it has not shown, and
// whoever it has not shown is due.
func TestPagesShiftByHalf(t *testing.T) {
	const looked, happened, listed = events.Millis(1_000_000), events.Millis(2_000_000), events.Millis(2_100_000)
	rules := tokenstate.DefaultRules()
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		k := crowd(1000)
		k.at = listed
		facts := tokenstate.NewFacts()
		var tokens []tokenstate.Token
		for _, row := range k.sessions {
			user, session, _ := strings.Cut(row, " ")
			tokens = append(tokens, tokenstate.Token{Realm: "demo", User: user, Client: "c1", ClientID: "app", Session: session, IssuedAt: 100})
			facts.Add(tokenstate.Learn(events.Message{ID: "look-" + user, Realm: "demo", At: looked, Received: looked, Source: events.Look, Body: &events.Observation{
				User:    &events.UserLook{User: user, Enabled: true, OfflineAccess: true},
				Rosters: []events.Roster{{User: user, Client: "c1", Complete: true, Sessions: []events.ClientSession{{Session: session, Client: "c1"}}}},
			}}))
		}
		facts.Add(tokenstate.Learn(events.Message{ID: "event/l", Realm: "demo", At: happened, Received: happened, Source: events.Listener, Body: &events.Happened{Event: "event", Kind: "admin", Type: "UPDATE REALM"}}))
		facts.Add(tokenstate.Learn(events.Message{ID: "realm", Realm: "demo", At: listed, Received: listed, Source: events.Look, Body: &events.Observation{Realm: &events.RealmLook{Enabled: true}}}))
		shift := func(rows []string) (left []string) {
			for _, row := range rows {
				if rnd.IntN(2) == 0 {
					left = append(left, row)
				}
				if rnd.IntN(10) == 0 {
					left = append(left, fmt.Sprintf("stranger session-%d", rnd.Uint64()))
				}
			}
			return left
		}
		k.before = func(k *keycloak, page int) error {
			if page > 1 && page < 4 {
				k.sessions = shift(k.sessions)
			} else if page > 4 && page < 9 {
				k.users = shift(k.users)
			}
			return nil
		}
		if err := k.list(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range k.published {
			m.Received = m.At
			facts.Add(tokenstate.Learn(m))
		}
		sessions, users := k.shown(t)
		due := map[string]bool{}
		for _, w := range tokenstate.Due(tokens, nil, facts, rules, listed+1000) {
			due[w.Scope.User] = true
		}
		unseen := 0
		for _, tok := range tokens {
			v, shown := tokenstate.Judge(tok, facts, rules), sessions[tok.Session] && users[tok.User]
			if !shown {
				unseen++
			}
			if v.State != tokenstate.Usable || v.InDoubt == shown || due[tok.User] == shown {
				t.Fatalf("seed %d: %s was shown: %v, is due: %v, and is %+v", seed, tok.User, shown, due[tok.User], v)
			}
		}
		if unseen < 100 || unseen > 990 {
			t.Fatalf("seed %d: %d of 1000 were not shown: this tests little", seed, unseen)
		}
	}
}

// Ensure that passing faults are passed over, and that what does not pass ends the listing with an
// error that says where, after what was shown has been published.
func TestPagesFaults(t *testing.T) {
	away := fmt.Errorf("page: %w", ErrAway)
	k := crowd(3000)
	k.before = func(_ *keycloak, page int) error {
		if page%3 == 0 {
			return away
		}
		return nil
	}
	if err := k.list(t.Context()); err != nil {
		t.Errorf("every third page failed once: %v", err)
	}
	if sessions, users := k.shown(t); len(sessions) != 3000 || len(users) != 3000 {
		t.Errorf("%d %d", len(sessions), len(users))
	}

	k = crowd(3000)
	k.before = func(_ *keycloak, page int) error {
		if page > 2 {
			return away
		}
		return nil
	}
	err := k.list(t.Context())
	if sessions, users := k.shown(t); !errors.Is(err, ErrAway) || k.pages != 2+maxFaults+1 || len(sessions) < 200 || len(users) != 0 {
		t.Errorf("%v after %d pages, %d sessions", err, k.pages, len(sessions))
	}

	k = crowd(300)
	k.before = func(_ *keycloak, page int) error {
		if page > 1 {
			return fmt.Errorf("the realm is gone: %w", ErrNoSuch)
		}
		return nil
	}
	if err := k.list(t.Context()); !errors.Is(err, ErrNoSuch) || k.pages != 3 {
		t.Errorf("a realm that disappears: %v after %d pages", err, k.pages)
	}

	k = crowd(300)
	k.before = func(*keycloak, int) error { return fmt.Errorf("a user store was changed: %w", ErrNotNow) }
	if err := k.list(t.Context()); !errors.Is(err, ErrNotNow) || k.pages != 1 {
		t.Errorf("what must not be listed now: %v after %d pages", err, k.pages)
	}

	k = crowd(3000)
	k.stuck = true
	if err := k.list(t.Context()); err == nil || k.pages > 3 {
		t.Errorf("a server that always sends its first page: %v after %d pages", err, k.pages)
	}

	k = crowd(3000)
	ctx, cancel := context.WithCancel(t.Context())
	k.before = func(*keycloak, int) error { cancel(); return away }
	if err := k.list(ctx); err == nil || k.pages != 1 {
		t.Errorf("cancelled: %v after %d pages", err, k.pages)
	}
}

// Ensure that many who may wait are listed first, that the urgent do not wait for that, and that
// whoever the pages did not show is looked at by themselves afterwards.
func TestManyAreListedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := crowd(2000)
		k.patient = slices.Clone(k.users)
		k.due = []string{"urgent"}
		k.patient = append(k.patient, "missed")
		k.onPublish = func(m events.Message) {
			if o, ok := m.Body.(*events.Observation); ok {
				for _, u := range o.Users {
					k.patient = slices.DeleteFunc(k.patient, func(s string) bool { return s == u.User })
				}
			}
		}
		k.before = func(*keycloak, int) error { <-time.After(time.Second); return nil }
		l := &Looker{
			Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 100, Logger: zerolog.Nop(),
			Pages: &Pages{Known: k, Ask: k, Log: k, Logger: zerolog.Nop()},
		}
		end := looking(l)
		<-time.After(5 * time.Second)
		synctest.Wait()
		if asked := k.askedAbout(); !slices.Contains(asked, "urgent") || len(asked) > 5 {
			t.Errorf("while the listing runs %d are looked at: %.200v", len(asked), asked)
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		asked := k.askedAbout()
		asked = slices.DeleteFunc(asked, func(s string) bool { return s == "urgent" })
		if len(asked) == 0 || slices.ContainsFunc(asked, func(s string) bool { return s != "missed" }) {
			t.Errorf("after the listing: %.200v", asked)
		}
		end()
	})
}

// Ensure that nobody waits for a page that fails again and again: a listing rests for two minutes before it gives up.
func TestNobodyWaitsForAPageThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := crowd(2000)
		k.patient = slices.Clone(k.users)
		k.before = func(*keycloak, int) error { return errors.New("the page is not whole") }
		l := &Looker{
			Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 100, Logger: zerolog.Nop(),
			Pages: &Pages{Known: k, Ask: k, Log: k, Logger: zerolog.Nop()},
		}
		end := looking(l)
		<-time.After(time.Minute)
		synctest.Wait()
		if asked := k.askedAbout(); len(asked) < 1000 {
			t.Errorf("a minute later %d were looked at", len(asked))
		}
		end()
	})
}

// Ensure that a realm whose users are all put in doubt again, soon after they were listed, does not wait a minute: what a
// short listing costs is soon paid.
func TestAShortListingIsSoonRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := crowd(WorthListing)
		k.onPublish = func(m events.Message) {
			if o, ok := m.Body.(*events.Observation); ok {
				for _, u := range o.Users {
					k.patient = slices.DeleteFunc(k.patient, func(s string) bool { return s == u.User })
				}
			}
		}
		l := &Looker{
			Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 1, Logger: zerolog.Nop(),
			Pages: &Pages{Known: k, Ask: k, Log: k, Logger: zerolog.Nop()},
		}
		end := looking(l)
		for range 3 {
			k.setPatient(slices.Clone(k.users))
			<-time.After(35 * time.Second)
			synctest.Wait()
			if left := k.waiting(); left > 0 {
				t.Fatalf("%d of %d are still in doubt", left, WorthListing)
			}
		}
		end()
	})
}

// Ensure that a few are not worth a listing, and that a realm of many is listed before its sweep
// period is over, although nobody is due.
func TestWhenToList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := crowd(10)
		k.patient = slices.Clone(k.users)
		l := &Looker{
			Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 100, Logger: zerolog.Nop(),
			Pages: &Pages{Known: k, Ask: k, Log: k, Logger: zerolog.Nop()},
		}
		end := looking(l)
		<-time.After(10 * time.Second)
		synctest.Wait()
		if k.count() > 0 || len(k.askedAbout()) < 10 {
			t.Errorf("%d pages for ten users, %d looks", k.count(), len(k.askedAbout()))
		}
		k.setRealms(map[string]int{"demo": WorthListing})
		k.setPatient(nil)
		sweep := time.Duration(tokenstate.DefaultRules().Sweep) * time.Millisecond
		<-time.After(sweep/2 + time.Minute)
		synctest.Wait()
		if k.count() > 0 {
			t.Errorf("%d pages after half a sweep period", k.count())
		}
		<-time.After(sweep / 2)
		synctest.Wait()
		if k.count() == 0 {
			t.Error("no listing within a sweep period")
		}
		end()
	})
}

// Ensure that what happens to one user does not wait behind the looks at thousands.
func TestUrgentDoNotWaitForThousands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := crowd(2000)
		k.patient = slices.Clone(k.users)
		l := &Looker{Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 10, Logger: zerolog.Nop()}
		end := looking(l)
		<-time.After(10 * time.Second)
		k.setDue("urgent")
		<-time.After(6 * time.Second)
		synctest.Wait()
		if asked := k.askedAbout(); !slices.Contains(asked, "urgent") || len(asked) > 200 {
			t.Errorf("six seconds later %d were looked at, and not who had just logged out", len(asked))
		}
		end()
	})
}
