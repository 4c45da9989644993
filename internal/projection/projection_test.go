package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var ids = rapid.SampledFrom([]string{"a", "b", "c"})

func drawChange(t *rapid.T) Change {
	user, session := ids.Draw(t, "user"), ids.Draw(t, "session")
	tok := tokenstate.Token{Realm: "r", User: user, ClientID: "app", Session: session, IssuedAt: tokenstate.Seconds(rapid.IntRange(1, 5).Draw(t, "iat"))}
	place := placeOf(tok)
	member := apikey.Member{Realm: "r", Org: session, User: user}
	return rapid.SampledFrom([]Change{
		{Fact: tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r", User: user}, Value: tokenstate.Look{At: tokenstate.Millis(rapid.IntRange(1, 9).Draw(t, "at"))}}},
		{Token: &Token{Token: tok, Custody: "sealed", Verified: rapid.Bool().Draw(t, "verified")}},
		{RemovedToken: &place},
		{Key: &apikey.Record{ID: session, Realm: "r", User: "owner of " + session, Generation: uint64(len(user)), Kind: apikey.KindLegacy, Digest: apikey.Sum{session[0]}}},
		{ServiceKey: &ServiceKey{Name: user, Realm: "r"}},
		{RemovedServiceKey: user},
		{Member: &member},
		{RemovedMember: &member},
	}).Draw(t, "change")
}

func same(t *rapid.T, p *Projection, want *state) {
	var a, b bytes.Buffer
	if err := errors.Join(p.Dump(&a), want.facts.Dump(&b)); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() || !maps.Equal(p.st.allTokens(), want.allTokens()) || !reflect.DeepEqual(p.st.named, want.named) ||
		!maps.Equal(p.st.allKeys(), want.allKeys()) || !maps.Equal(p.st.allHolders(), want.allHolders()) || !maps.Equal(p.st.itself, want.itself) || !maps.Equal(p.st.digests, want.digests) ||
		!reflect.DeepEqual(p.st.services, want.services) || !maps.Equal(p.st.members, want.members) || p.st.version != want.version || p.st.nonce != want.nonce {
		t.Fatalf("the projection differs from the database at version %d", want.version)
	}
}

// Ensure whatever happens (versions in any portion, pruning, restores to an earlier state with
// another future, a new epoch) the projection ends up as the database is.
func TestFollowsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		p := New(h, Options{Retry: 1}, zerolog.Nop())
		nonce := 0
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				h.restore(rapid.IntRange(0, len(h.versions)-1).Draw(t, "to"))
			case 1:
				h.pruned = int64(rapid.IntRange(0, len(h.versions)-1).Draw(t, "pruned"))
			case 2:
				h.status.Epoch++
			case 3, 4:
				if _, err := p.step(context.Background()); err != nil {
					t.Fatal(err)
				}
			default:
				nonce++
				h.add(fmt.Sprint("n", nonce), drawChange(t), drawChange(t))
			}
		}
		for moved := true; moved; {
			var err error
			if moved, err = p.step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		same(t, p, stateOf(h.snapshot()))
	})
}

func TestServesWhileTheDatabaseIsAway(t *testing.T) {
	h := newHistory()
	if ok, why := New(h, Options{}, zerolog.Nop()).Ready(); ok || why == "" {
		t.Fatal("ready with nothing loaded")
	}
	h.status.Confirmed = false
	h.add("n1", Change{Key: &apikey.Record{ID: "k", Realm: "r", User: "u"}})
	p := follow(t, h)
	if err := p.WaitVersion(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if ok, _ := p.Ready(); ok {
		t.Fatal("ready though no worker has confirmed the floor")
	}
	h.mu.Lock()
	h.fault = errors.New("away")
	h.mu.Unlock()
	h.signal()
	if rec, ok, err := p.KeyByID(t.Context(), "k"); !ok || err != nil || rec.User != "u" {
		t.Fatal("a known key needs no database", ok, err)
	}
	if _, ok, err := p.KeyByID(t.Context(), "new"); ok || err == nil {
		t.Fatal("an unknown key cannot be decided without one")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.WaitVersion(ctx, 99); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// Ensure a reader that the feed leads no further, and that cannot load everything again either, is
// not ready: the database answers, so others may know what it does not.
func TestNotReadyWhileNothingLeadsOn(t *testing.T) {
	h := newHistory()
	h.add("n1", Change{Key: &apikey.Record{ID: "k", Realm: "r", User: "u"}})
	p := New(h, Options{}, zerolog.Nop())
	step := func(fails, ready bool) {
		t.Helper()
		if _, err := p.step(t.Context()); (err != nil) != fails {
			t.Errorf("the step: %v", err)
		}
		if ok, why := p.Ready(); ok != ready {
			t.Errorf("ready %v %s", ok, why)
		}
	}
	step(false, true)
	h.pruned, h.unloadable = 9, errors.New("a value that cannot be read")
	step(true, false)
	h.unloadable = nil
	step(false, true)
}

// Ensure an unknown id is looked for once in a while, not at each request.
func TestReadThrough(t *testing.T) {
	h := newHistory()
	h.keys["fresh"] = apikey.Record{ID: "fresh"}
	p := follow(t, h)
	if err := p.WaitVersion(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := p.KeyByID(t.Context(), "fresh"); !ok || err != nil {
		t.Fatal("a key that another replica has just minted", err)
	}
	for range 50 {
		if _, ok, err := p.KeyByID(t.Context(), "none"); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if h.finds > 5 {
		t.Fatalf("%d readings for one unknown id", h.finds)
	}
	for n := range 10 * readThroughBurst {
		if _, _, err := p.KeyByID(t.Context(), fmt.Sprint(n)); errors.Is(err, ErrBusy) {
			return
		}
	}
	t.Fatal("made-up ids are not bounded")
}

func TestBest(t *testing.T) {
	tok := func(session string, iat tokenstate.Seconds, verified bool) Change {
		return Change{Token: &Token{tokenstate.Token{Realm: "r", User: "u", ClientID: "app", Session: session, IssuedAt: iat}, "sealed", verified, ""}}
	}
	cutAt := func(session string, at tokenstate.Millis) Change {
		return Change{Fact: tokenstate.CutoffRow{Scope: tokenstate.Scope{Realm: "r", Session: session}, Cause: "c", Value: tokenstate.Cutoff{Before: 99, At: at, Tokens: true}}}
	}
	cut := func(session string) Change { return cutAt(session, 1) }
	disabled := func() Change {
		return Change{Fact: tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "r", User: "u"}, Authority: tokenstate.Keycloak},
			Value:   tokenstate.Standing{At: 5, Disabled: true},
		}}
	}
	for name, c := range map[string]struct {
		changes []Change
		want    string
		state   tokenstate.State
	}{
		"the newest":                          {[]Change{tok("old", 1, true), tok("new", 2, true)}, "new", tokenstate.Usable},
		"usable before newer":                 {[]Change{tok("old", 1, true), tok("dead", 2, true), cut("dead")}, "old", tokenstate.Usable},
		"verified before newer":               {[]Change{tok("old", 1, true), tok("new", 2, false)}, "old", tokenstate.Usable},
		"the newest says why none":            {[]Change{tok("old", 1, true), tok("dead", 2, true), cut("dead"), cut("old")}, "dead", tokenstate.Revoked},
		"of one second the last to die":       {[]Change{tok("a", 1, true), tok("b", 1, true), tok("c", 1, true), cut("a"), cutAt("b", 7), cut("c")}, "b", tokenstate.Revoked},
		"suspended before revoked":            {[]Change{tok("old", 1, true), tok("dead", 2, true), cut("dead"), disabled()}, "old", tokenstate.Suspended},
		"usable unverified before dead known": {[]Change{tok("dead", 1, true), cut("dead"), tok("new", 2, false)}, "new", tokenstate.Usable},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			h.add("n", c.changes...)
			p := follow(t, h)
			if err := p.WaitVersion(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			got, v, ok := p.Best("r", "u", "", nil)
			if !ok || got.Token.Session != c.want || v.State != c.state {
				t.Fatalf("%+v %+v", got, v)
			}
			if _, _, ok := p.Best("r", "u", "other", nil); ok {
				t.Fatal("of another client")
			}
			if _, _, ok := p.Best("r", "u", "", func(Token) bool { return false }); ok {
				t.Fatal("nothing was wanted")
			}
		})
	}
}

func TestKnownUntil(t *testing.T) {
	const now = tokenstate.Millis(10_000_000)
	for name, c := range map[string]struct {
		beats []hearing.Beat
		want  tokenstate.Millis
	}{
		"nobody":                   {nil, 0},
		"the slower of two":        {[]hearing.Beat{{Node: "a", Received: now}, {Node: "b", Received: now - 5000}}, now - 5000},
		"what waits holds back":    {[]hearing.Beat{{Received: now, At: 77_000, Oldest: 70_000}}, now - 7000},
		"who left does not":        {[]hearing.Beat{{Node: "a", Received: now}, {Node: "b", Received: now - 5000, Leaving: true}}, now},
		"who left with a rest did": {[]hearing.Beat{{Node: "a", Received: now}, {Node: "b", Received: now - 5000, Leaving: true, At: 9, Oldest: 4}}, now - 5005},
		"silent for long":          {[]hearing.Beat{{Node: "a", Received: now}, {Node: "b", Received: now - hearing.ForgetAfter - 1}}, now},
		"silent, but not long":     {[]hearing.Beat{{Node: "a", Received: now}, {Node: "b", Received: now - hearing.ForgetAfter}}, now - hearing.ForgetAfter},
		"all silent":               {[]hearing.Beat{{Node: "a", Received: 5}}, 5},
	} {
		if got := (Status{Beats: c.beats}).knownUntil(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// Ensure readers and the follower may meet (with -race).
func TestReadersAtOnce(t *testing.T) {
	h := newHistory()
	p := follow(t, h)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				p.Owner("r", "a")
				p.Best("r", "a", "", nil)
				p.Due(tokenstate.Millis(time.Now().UnixMilli()))
				p.ServiceKeys()
			}
		}
	}()
	for n := range 50 {
		at := tokenstate.Millis(n)
		h.add(fmt.Sprint(n), Change{Fact: tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r", User: "a"}, Value: tokenstate.Look{At: at}}},
			Change{Token: &Token{Token: tokenstate.Token{Realm: "r", User: "a", ClientID: "app", Session: fmt.Sprint(n % 5), IssuedAt: 1}}})
	}
	if err := p.WaitVersion(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	close(stop)
	<-done
}

// Ensure who waits for a version has it read at once, and who waits for one that is there does not.
func TestWhoWaitsIsInAHurry(t *testing.T) {
	h := newHistory()
	h.add("n1")
	p := New(h, Options{}, zerolog.Nop())
	step(t, p)
	if err := p.WaitVersion(t.Context(), 1); err != nil || len(p.hurry) != 0 {
		t.Errorf("%v, and %d hurry", err, len(p.hurry))
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { waited <- p.WaitVersion(ctx, 2) }()
	<-p.hurry
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
