package pgsource

import (
	"bytes"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Ensure a reader forgets what the database has forgotten, and nothing else; also where it meets the login, the forgetting
// and the next login all at once; and that one who comes later sees the same.
func TestReadersForget(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ctx := state.New(pool), t.Context()
	confirm(t, st)
	learn := func(user string, at tokenstate.Millis) {
		f := tokenstate.NewFacts()
		tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "demo", User: user}, Node: "n", Value: tokenstate.Look{At: at}}.AddTo(f)
		seat := tokenstate.Scope{Realm: "demo", Client: "c", Session: "of " + user}
		tokenstate.SightingRow{ID: tokenstate.SightingKey{Seat: seat}, Node: "n", Value: tokenstate.Sighting{At: at, Owner: user}}.AddTo(f)
		floor, err := st.Floor(ctx)
		must(t, err)
		_, err = st.Apply(ctx, journal.Batch{From: floor, To: journal.Floor{Stream: "S", Seq: floor.Seq + 1, Digest: "d"}, Facts: f})
		must(t, err)
	}
	holder := tokenstate.Token{Realm: "demo", User: "holder", Client: "c", ClientID: "app", Session: "of holder", IssuedAt: 5}
	_, err := st.PutToken(ctx, state.StoredToken{Token: holder}, nil)
	must(t, err)
	for _, user := range []string{"holder", "stranger", "comes again"} {
		learn(user, 1000)
	}
	learn("stranger of today", 9000)

	early := follow(t, New(pool, time.Hour))
	slow := New(pool, time.Hour)
	defer slow.Close()
	status, err := slow.Status(ctx)
	must(t, err)
	head, err := slow.News(ctx, 0)
	must(t, err)
	must(t, early.WaitVersion(ctx, head.Now.Version))
	if n, last, err := st.Forgetting(early.Stranger).Part(ctx, 5000); n != 4 || !last || err != nil {
		t.Fatalf("forgot %d, the last part %v: %v", n, last, err)
	}
	learn("comes again", 6000)
	news, err := slow.News(ctx, head.Now.Version)
	must(t, err)
	if news.Gap != nil || status.Epoch != news.Status.Epoch {
		t.Fatalf("%v", news.Gap)
	}
	if news, err = slow.News(ctx, 1); err != nil || news.Gap != nil { // the login that was forgotten is named, too
		t.Errorf("%v %v", err, news.Gap)
	}

	must(t, early.WaitVersion(ctx, news.Now.Version))
	late := follow(t, New(pool, time.Hour))
	must(t, late.WaitVersion(ctx, news.Now.Version))
	var a, b bytes.Buffer
	must(t, early.Dump(&a))
	must(t, late.Dump(&b))
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("who was there has\n%s\nand who came later\n%s", &a, &b)
	}
	for text, there := range map[string]bool{"holder": true, "stranger\"": false, "comes again": true, "stranger of today": true} {
		if bytes.Contains(a.Bytes(), []byte(text)) != there {
			t.Errorf("%s is known: %v\n%s", text, !there, &a)
		}
	}
	if early.Loads() != 1 {
		t.Errorf("the reader loaded %d snapshots", early.Loads())
	}
}

// Ensure what is known of a user stays while they have a token that names them otherwise, as with pairwise subjects: whose
// session it is only memory knows, and the token of an ended session would be usable again. Before memory is loaded nobody is
// forgotten.
func TestOwnersOfSessionsAreNotForgotten(t *testing.T) {
	pool := testenv.Postgres(t, state.MigrateURL)
	st, ctx := state.New(pool), t.Context()
	confirm(t, st)
	token := tokenstate.Token{Realm: "demo", User: "pairwise", Client: "c", ClientID: "app", Session: "s", IssuedAt: 1}
	_, err := st.PutToken(ctx, state.StoredToken{Token: token}, nil)
	must(t, err)
	f := tokenstate.NewFacts()
	seat := tokenstate.Scope{Realm: "demo", Client: "c", Session: "s"}
	tokenstate.SightingRow{ID: tokenstate.SightingKey{Seat: seat}, Node: "n", Value: tokenstate.Sighting{At: 2000, Owner: "owner"}}.AddTo(f)
	for _, user := range []string{"owner", "stranger"} {
		tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "demo", User: user}, Node: "n", Value: tokenstate.Look{At: 100_000}}.AddTo(f)
	}
	floor, err := st.Floor(ctx)
	must(t, err)
	applied, err := st.Apply(ctx, journal.Batch{From: floor, To: journal.Floor{Stream: "S", Seq: floor.Seq + 1, Digest: "d"}, Facts: f})
	must(t, err)
	forget := func(stranger func(realm, user string) bool) (forgotten int) {
		walk := st.Forgetting(stranger)
		for last := false; !last; {
			var n int
			n, last, err = walk.Part(ctx, 200_000)
			must(t, err)
			forgotten += n
		}
		return forgotten
	}
	if n := forget(projection.New(New(pool, time.Hour), projection.Options{}, zerolog.Nop()).Stranger); n != 0 {
		t.Errorf("before anything was loaded %d were forgotten", n)
	}
	p := follow(t, New(pool, time.Hour))
	must(t, p.WaitVersion(ctx, applied.Version))
	if n := forget(p.Stranger); n != 1 {
		t.Errorf("%d were forgotten, and not the stranger alone", n)
	}
	around, err := st.AroundUsers(ctx, "demo", "pairwise")
	must(t, err)
	if v := tokenstate.Judge(token, around.Facts, around.Rules); v.Reason != tokenstate.ReasonSessionAbsent {
		t.Errorf("the token of an ended session is %+v", v)
	}
}
