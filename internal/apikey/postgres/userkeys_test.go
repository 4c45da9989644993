package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

var ref = apikey.Ref{Realm: "demo", User: "u", ID: "id-1"}

func userKey(id string) apikey.Issue {
	r := apikey.Record{ID: id, Realm: "demo", User: "u", Name: "n", Kind: apikey.KindUser, Generation: 1, Created: 1_700_000_000, PepperID: "p"}
	copy(r.Digest[:], id)
	return apikey.Issue{Record: r, LastFour: "abcd"}
}

func next(id string) func(apikey.Record, apikey.Owned) (apikey.Successor, error) {
	return func(_ apikey.Record, now apikey.Owned) (apikey.Successor, error) {
		return apikey.Successor{Issue: userKey(id), OldEnds: now.At + 60}, nil
	}
}

// create stores a key that is built beforehand.
func create(t *testing.T, s *Store, k apikey.Issue, once *apikey.Once) (apikey.Issued, error) {
	t.Helper()
	return s.Create(t.Context(), k.Realm, k.User, func(apikey.Owned) (apikey.Issue, error) { return k, nil }, once)
}

// Ensure of many who rotate a key at once one does, and nothing is left of the others.
func TestRotateAtOnce(t *testing.T) {
	s, _ := open(t)
	_, err := create(t, s, userKey("id-1"), nil)
	must(t, err)
	var wg sync.WaitGroup
	var done, late atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			_, err := s.Rotate(context.Background(), ref, nil, next(fmt.Sprint("next-", i)), revocation)
			switch {
			case err == nil:
				done.Add(1)
			case errors.Is(err, apikey.ErrRotated):
				late.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys, err := s.List(t.Context(), ref, false, "", 10)
	must(t, err)
	if done.Load() != 1 || late.Load() != 7 || len(keys) != 2 {
		t.Fatalf("%d rotated, %d late, %d keys", done.Load(), late.Load(), len(keys))
	}
}

// Ensure a fault after the claim leaves the Idempotency-Key free.
func TestClaimIsTakenBack(t *testing.T) {
	s, _ := open(t)
	once := &apikey.Once{Caller: "c", KeyID: "id-1"}
	odd := userKey("id-1")
	odd.Generation = 0 // the database refuses it
	if _, err := create(t, s, odd, once); err == nil {
		t.Fatal("taken")
	}
	made, err := create(t, s, userKey("id-1"), once)
	must(t, err)
	again, err := create(t, s, userKey("id-2"), &apikey.Once{Caller: "c", KeyID: "id-2"})
	must(t, err)
	if made.Again || !again.Again || again.ID != "id-1" {
		t.Fatalf("%+v %+v", made, again)
	}
}

// Ensure one user cannot have keys without end.
func TestTooMany(t *testing.T) {
	s, _ := open(t)
	_, err := s.pool.Exec(t.Context(), `INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id)
		SELECT 'k' || i, 'demo', 'u', 'n', 'user', decode(md5(i::text) || md5(i::text), 'hex'), 'p' FROM generate_series(1, 1000) i`)
	must(t, err)
	if _, err := create(t, s, userKey("id-1"), nil); !errors.Is(err, apikey.ErrTooMany) {
		t.Fatalf("got %v", err)
	}
	_, err = s.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET revoked_at = now() WHERE id = 'k7'")
	must(t, err)
	_, err = create(t, s, userKey("id-1"), nil)
	must(t, err)
}

// Ensure two replicas that write uses and digests of the same keys at once never wait for each
// other for ever.
func TestUsesAtOnce(t *testing.T) {
	s, _ := open(t)
	at := map[string]time.Time{}
	for i := range 50 {
		id := fmt.Sprint("k", i)
		_, err := create(t, s, userKey(id), nil)
		must(t, err)
		at[id] = time.Now()
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if err := s.MarkUsed(context.Background(), at); err != nil {
					t.Error(err)
				}
				var all []apikey.Redigest
				for id := range at {
					k := userKey(id)
					all = append(all, apikey.Redigest{ID: id, Old: k.Digest, New: k.Digest, PepperID: "p"})
				}
				if err := s.Redigest(context.Background(), all); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
