package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var name = Name{Realm: "demo", User: "u", Org: "o", Key: apikey.SystemPrefix + "automation"}

func build(generation uint64, _ events.Seconds) apikey.Issue {
	r := apikey.Record{
		ID: "id-" + string(rune('0'+generation)), Realm: name.Realm, User: name.User, Org: name.Org, Name: name.Key,
		Kind: apikey.KindSystem, Generation: generation, Created: 1_700_000_000, PepperID: "p",
	}
	r.Digest[0] = byte(generation)
	return apikey.Issue{Record: r, MadeBy: "service:x"}
}

func same(newest *apikey.Record, _ apikey.Owned) (uint64, error) {
	if newest == nil {
		return 1, nil
	}
	return apikey.NextGeneration(*newest, tokenstate.Ownership{}, false), nil
}

func revocation(id string) events.Message {
	return events.Message{ID: "order-of-" + id, Realm: "demo", At: 1_700_000_005_000, Source: events.Authapi, Body: &events.Order{
		Order: events.OrderKeyRevoked, By: "service:x", User: "u", Key: id,
	}}
}

func open(t *testing.T) (*Store, *state.Store) {
	t.Helper()
	pool := testenv.Postgres(t, state.MigrateURL)
	return New(pool), state.New(pool)
}

// Ensure many who mint at once get one key, and the feed hears of it once.
func TestMintAtOnce(t *testing.T) {
	s, st := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var got []apikey.Record
	for range 16 {
		wg.Go(func() {
			rec, _, err := s.Mint(context.Background(), name, same, build)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, rec)
		})
	}
	wg.Wait()
	if got = slices.Compact(got); len(got) != 1 || got[0] != build(1, 0).Record {
		t.Fatalf("%+v", got)
	}
	n, err := st.News(t.Context(), 0, append(state.Readings(), Readings()...))
	must(t, errors.Join(err, n.Gap))
	if n.Version != 1 || len(n.Changes) != 1 || n.Changes[0].Value != build(1, 0).Record {
		t.Fatalf("%+v", n)
	}
}

// Ensure a revocation ends the key at its commit, raises the generation, and is on its way to
// the log as an order; and that block lets nobody mint again.
func TestRevoke(t *testing.T) {
	s, st := open(t)
	ctx := context.Background()
	if found, _, err := s.Revoke(ctx, name, false, revocation); found || err != nil {
		t.Fatalf("revoked what is not there: %v", err)
	}
	_, _, err := s.Mint(ctx, name, same, build)
	must(t, err)
	found, version, err := s.Revoke(ctx, name, false, revocation)
	if !found || version == 0 || err != nil {
		t.Fatalf("%v %d %v", found, version, err)
	}
	rec, ok, err := s.Find(ctx, "id-1")
	if !ok || rec.RevokedAt != 1_700_000_005 || rec.RevokedBy != "order-of-id-1" || err != nil {
		t.Fatalf("%+v %v", rec, err)
	}
	f, _, err := st.Facts(ctx)
	must(t, err)
	if _, cause, cut := f.KeyCut("demo", "u", "id-1"); !cut || cause != "order-of-id-1" {
		t.Fatal("no cutoff")
	}
	if rows, err := st.Outbox(ctx, 10); err != nil || len(rows) != 1 {
		t.Fatalf("outbox: %d %v", len(rows), err)
	}
	if again, _, err := s.Revoke(ctx, name, false, revocation); again || err != nil {
		t.Fatalf("revoked twice: %v", err)
	}
	if rec, _, err = s.Mint(ctx, name, same, build); err != nil || rec.ID != "id-2" {
		t.Fatalf("%+v %v", rec, err)
	}
	if found, _, err := s.Revoke(ctx, name, true, revocation); !found || err != nil {
		t.Fatal(found, err)
	}
	if _, _, err := s.Mint(ctx, name, same, build); !errors.Is(err, ErrBlocked) {
		t.Fatalf("got %v", err)
	}
}

func TestServiceKeys(t *testing.T) {
	s, st := open(t)
	ctx := context.Background()
	want := ServiceKey{Name: "n", Realm: "demo", PepperID: "p", Scopes: []string{"mint"}, Orgs: []string{"o"}}
	must(t, s.PutServiceKey(ctx, want))
	if err := s.PutServiceKey(ctx, want); err == nil {
		t.Fatal("a second one of the same name was taken")
	}
	var keys []apikey.Record
	var services []ServiceKey
	unread := state.Taker{Begin: func(int64, string) {}, Fact: func(tokenstate.Row) {}}
	must(t, st.Snapshot(ctx, unread, func(ctx context.Context, r *state.Reader) error {
		must(t, EachKey(ctx, r, func(k apikey.Record) { keys = append(keys, k) }))
		return EachServiceKey(ctx, r, func(k ServiceKey) { services = append(services, k) })
	}))
	if len(keys) != 0 || len(services) != 1 || services[0].Name != "n" || !slices.Equal(services[0].Orgs, want.Orgs) {
		t.Fatalf("%+v", services)
	}
	for _, want := range []bool{true, false} {
		if found, err := s.DeleteServiceKey(ctx, "n"); found != want || err != nil {
			t.Fatal(found, err)
		}
	}
}

// Ensure authapi's role may do all of it.
func TestRole(t *testing.T) {
	s, _ := open(t)
	ctx := context.Background()
	tx, err := s.pool.Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "SET LOCAL ROLE tokenstate_authapi")
	must(t, err)
	must(t, q.LockSystemKey(ctx, tx, name.lock()))
	_, err = add(ctx, tx, apikey.Issue{Record: build(1, 0).Record})
	must(t, err)
	_, err = revoke(ctx, tx, revocation("id-1"), true)
	must(t, err)
	_, _, err = claim(ctx, tx, "demo", &apikey.Once{KeyID: "id-1"})
	must(t, err)
	for _, sql := range []string{
		"INSERT INTO tokenstate.org_member (realm, org_id, user_id) VALUES ('r', 'o', 'u')", "DELETE FROM tokenstate.org_member", "DELETE FROM tokenstate.once",
		"UPDATE tokenstate.api_key SET last_used_at = now(), digest = '\\x01'", "SELECT * FROM tokenstate.act_head FOR UPDATE",
		"INSERT INTO tokenstate.act SELECT 1, 1, '', '', '', '', 1, 1, '', hash FROM tokenstate.act_head", "UPDATE tokenstate.act_head SET n = 1",
	} {
		_, err = tx.Exec(ctx, sql)
		must(t, err)
	}
	_, err = tx.Exec(ctx, "SET LOCAL ROLE tokenstate_worker")
	must(t, err)
	must(t, EachMember(ctx, state.NewReader(tx), func(apikey.Member) {}))
}
