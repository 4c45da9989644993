package asking

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a store that is mistyped costs two users at most, that one who is found lets all go on, and that
// a realm without changes is not slowed.
func TestAChangedStoreIsTriedOut(t *testing.T) {
	change, now := tokenstate.Millis(1_000_000), time.UnixMilli(1_040_000)
	s := &Stores{Pause: 30 * time.Second, Since: nothingSince, Changed: func(realm string) tokenstate.Millis {
		if realm == "quiet" {
			return 0
		}
		return change
	}}
	may := func(realm, user string, want bool) {
		t.Helper()
		if err := s.May(realm, user, now); (err == nil) != want || err != nil && !errors.Is(err, ErrStore) {
			t.Fatalf("%s in %s: %v", user, realm, err)
		}
	}
	may("quiet", "a", true)
	may("quiet", "b", true)
	now = time.UnixMilli(1_029_999)
	may("demo", "a", false) // so soon
	now = time.UnixMilli(1_030_000)
	may("demo", "a", true)
	may("demo", "b", false) // one at a time
	s.Saw("demo", "b", true, false)
	may("demo", "b", false) // who was not asked is no answer
	s.Saw("demo", "a", false, false)
	may("demo", "b", true) // nothing was learnt of a
	s.Saw("demo", "b", true, true)
	if len(s.Alarmed()) != 0 {
		t.Fatal("one may really be gone")
	}
	may("demo", "c", true)
	s.Saw("demo", "c", true, true)
	may("demo", "d", false)
	if s.Tried("demo") == nil || s.Tried("quiet") != nil || s.Tried("other") != nil {
		t.Fatal("users are listed that nobody may look at, or are not where nothing was changed")
	}
	if got := s.Alarmed(); len(got) != 1 || got[0] != "demo" {
		t.Fatalf("alarmed: %q", got)
	}
	change, now = 2_000_000, time.UnixMilli(2_040_000) // it was corrected
	may("demo", "d", true)
	s.Saw("demo", "d", true, false)
	may("demo", "e", true)
	may("demo", "f", true)
	if len(s.Alarmed()) != 0 {
		t.Fatal("one was found")
	}
}

// Ensure a restarted worker goes on from what is known: it neither has two more users removed nor waits for one who
// was found.
func TestARestartedWorkerKnowsWhatWasTried(t *testing.T) {
	for _, c := range []struct {
		found bool
		gone  int
		may   bool
	}{{false, 2, false}, {false, 1, true}, {true, 2, true}} {
		s := &Stores{
			Changed: func(string) tokenstate.Millis { return 1 },
			Since: func(string, tokenstate.Millis) tokenstate.StoreUsers {
				return tokenstate.StoreUsers{Known: true, Found: c.found, Gone: c.gone}
			},
		}
		if err := s.Tried("demo"); (err == nil) != c.found {
			t.Errorf("%+v: all are listed: %v", c, err)
		}
		if err := s.May("demo", "ann", time.UnixMilli(1_000)); (err == nil) != c.may {
			t.Errorf("%+v: %v", c, err)
		}
		if alarmed := len(s.Alarmed()) == 1; alarmed == c.may {
			t.Errorf("%+v: alarmed %t", c, alarmed)
		}
	}
}

// nothingSince is of a store whose users nobody has looked at since its change.
func nothingSince(string, tokenstate.Millis) tokenstate.StoreUsers { return tokenstate.StoreUsers{} }

// Ensure only users of a store are held back and counted: a realm that has none is listed and looked at
// as before, whatever changes there.
func TestOnlyUsersOfAStoreAreHeldBack(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer server.Close()
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: server.URL, Realm: "master", ClientID: "c", ClientSecret: secret.New("s")})
	if err != nil {
		t.Fatal(err)
	}
	stores := &Stores{Pause: time.Hour, Since: nothingSince, Changed: func(string) tokenstate.Millis { return tokenstate.Millis(time.Now().UnixMilli()) }}
	a := Asker{Admin: admin, Stores: stores, StoreOf: func(_, user string) string { return map[string]string{"ann": "ldap"}[user] }}
	if _, err := a.Look(t.Context(), tokenstate.Scope{Realm: "demo", User: "local"}, nil); err == nil || asked == 0 || errors.Is(err, ErrStore) {
		t.Errorf("a user of the realm itself: %v after %d questions", err, asked)
	}
	if err := stores.Tried("demo"); err != nil {
		t.Errorf("nobody of a store is known, and still: %v", err)
	}
	asked = 0
	if _, err := a.Look(t.Context(), tokenstate.Scope{Realm: "demo", User: "ann"}, nil); !errors.Is(err, ErrStore) || asked != 0 {
		t.Errorf("a user of the store: %v after %d questions", err, asked)
	}
	if _, err := (Pager{Admin: admin, Stores: stores}).Users(t.Context(), "demo", 0, 10, false); !errors.Is(err, ErrStore) || asked != 0 {
		t.Errorf("a listing: %v after %d questions", err, asked)
	}
}
