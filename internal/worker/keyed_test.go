package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// keyed is the same listing by key; less is how its database sorts.
type keyed struct {
	*keycloak
	none   bool
	noRole string
	rows   int
	less   func(a, b string) bool
	sorted map[string][]string
}

func (k *keyed) after(of []string, key string, after string, limit int) ([]string, string, error) {
	if k.none {
		return nil, "", fmt.Errorf("page: %w", ErrNoKeys)
	}
	k.mu.Lock()
	k.pages++
	k.mu.Unlock()
	if k.before != nil {
		if err := k.before(k.keycloak, k.pages); err != nil {
			return nil, "", err
		}
	}
	k.most = max(k.most, limit)
	rows := k.sorted[key]
	if rows == nil || k.before != nil {
		rows = slices.Clone(of)
		sort.Slice(rows, func(i, j int) bool { return k.less(idOf(rows[i], key), idOf(rows[j], key)) })
		k.sorted[key] = rows
	}
	rows = rows[sort.Search(len(rows), func(i int) bool { return after == "" || k.less(after, idOf(rows[i], key)) }):]
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = idOf(rows[limit-1], key)
	}
	k.rows += len(rows)
	return rows, next, nil
}

func idOf(row, key string) string {
	user, session, _ := strings.Cut(row, " ")
	if key == "session" {
		return session
	}
	return user
}

func (k *keyed) SessionsAfter(_ context.Context, _, client, after string, limit int) (Page, error) {
	rows, next, err := k.after(k.sessions, "session", after, limit)
	p := Page{At: 1000, Node: "kc1", Rows: len(rows), Next: next}
	for _, row := range rows {
		p.Sessions = append(p.Sessions, events.ClientSession{Session: idOf(row, "session"), Client: client, User: idOf(row, ""), Start: 7})
	}
	return p, err
}

func (k *keyed) UsersAfter(_ context.Context, _, after string, limit int) (Page, error) {
	rows, next, err := k.after(k.users, "", after, limit)
	p := Page{At: 1000, Node: "kc1", Rows: len(rows), Next: next}
	for _, user := range rows {
		role := user != k.noRole
		p.Users = append(p.Users, events.UserSeen{User: user, Enabled: true, OfflineAccess: &role})
	}
	return p, err
}

func keyedCrowd(n int) *keyed {
	return &keyed{keycloak: crowd(n), less: func(a, b string) bool { return a < b }, sorted: map[string][]string{}}
}

func (k *keyed) pagesOf(suspects *[]string) *Pages {
	return &Pages{
		Known: k, Ask: k, Keys: k, Log: k, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {},
		Suspect: func(s tokenstate.Scope) { *suspects = append(*suspects, s.User) },
	}
}

// Ensure that pages by key show all, in the fewest requests that the bound of rows allows, and bear
// the node that answered and the start of each client session.
func TestPagesByKeyShowAll(t *testing.T) {
	for _, n := range []int{0, 1, 999, 1000, 1001, 5000, 20_000} {
		k := keyedCrowd(n)
		var suspects []string
		if err := k.pagesOf(&suspects).List(t.Context(), "demo", false); err != nil {
			t.Fatal(err)
		}
		sessions, users := k.shown(t)
		if len(sessions) != n || len(users) != n || k.most > mostPage || k.pages > 2*(n/mostPage+1) || len(suspects) > 0 {
			t.Errorf("of %d: %d sessions, %d users, in %d pages of at most %d", n, len(sessions), len(users), k.pages, k.most)
		}
		for _, m := range k.published {
			o, _ := m.Body.(*events.Observation)
			if m.Node != "kc1" || len(o.Rosters) > 0 && o.Rosters[0].Sessions[0].Start != 7 {
				t.Fatalf("%+v", m)
			}
		}
	}
}

// Ensure that whoever is there during the whole walk is shown, whoever goes or comes meanwhile: by
// row numbers some are skipped.
func TestPagesByKeySkipNobody(t *testing.T) {
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		k := keyedCrowd(5000)
		k.before = func(k *keycloak, _ int) error {
			for range 300 {
				i := rnd.IntN(len(k.users))
				k.users = slices.Delete(k.users, i, i+1)
				k.users = append(k.users, fmt.Sprintf("user-%06d-new", rnd.IntN(5000)))
			}
			return nil
		}
		var suspects []string
		if err := k.pagesOf(&suspects).List(t.Context(), "demo", false); err != nil {
			t.Fatal(err)
		}
		_, users := k.shown(t)
		for _, user := range k.users {
			if !strings.HasSuffix(user, "-new") && !users[user] {
				t.Fatalf("seed %d: %s stayed and was not shown", seed, user)
			}
		}
	}
}

// Ensure that the admin API's pages are read where there are none by key.
func TestPagesWithoutKeys(t *testing.T) {
	k := keyedCrowd(1500)
	k.none = true
	var suspects []string
	if err := k.pagesOf(&suspects).List(t.Context(), "demo", false); err != nil {
		t.Fatal(err)
	}
	if sessions, users := k.shown(t); len(sessions) != 1500 || len(users) != 1500 {
		t.Errorf("%d sessions, %d users", len(sessions), len(users))
	}
}

// Ensure that whoever has lost the role is looked at, and that no page speaks for them.
func TestPagesByKeyTellNoRoles(t *testing.T) {
	k := keyedCrowd(10)
	k.noRole = "user-000004"
	var suspects []string
	if err := k.pagesOf(&suspects).List(t.Context(), "demo", false); err != nil {
		t.Fatal(err)
	}
	if _, users := k.shown(t); len(users) != 9 || users[k.noRole] || !slices.Equal(suspects, []string{k.noRole}) {
		t.Errorf("%d users told, suspects %v", len(users), suspects)
	}
}

func TestPagesByKeyFaults(t *testing.T) {
	away := fmt.Errorf("page: %w", ErrAway)
	k := keyedCrowd(3000)
	k.before = func(_ *keycloak, page int) error {
		if page%3 == 0 {
			return away
		}
		return nil
	}
	var suspects []string
	if err := k.pagesOf(&suspects).List(t.Context(), "demo", false); err != nil {
		t.Errorf("every third page failed once: %v", err)
	}
	if sessions, users := k.shown(t); len(sessions) != 3000 || len(users) != 3000 {
		t.Errorf("%d %d", len(sessions), len(users))
	}
	k = keyedCrowd(3000)
	k.before = func(_ *keycloak, page int) error {
		if page > 1 {
			return away
		}
		return nil
	}
	missing, err := k.pagesOf(&suspects).Owners(t.Context(), "demo", []string{"user-999999"})
	if !errors.Is(err, ErrAway) || missing != 0 || len(suspects) > 0 || k.pages != 1+maxFaults+1 {
		t.Errorf("a walk that broke off concludes: %d missing, %v, %v after %d pages", missing, suspects, err, k.pages)
	}
}

// population is n users of the form of Keycloak's own ids, evenly spread.
func population(n int) (ids []string) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range n {
		ids = append(ids, fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", rnd.Uint32(), rnd.Uint32()&0xffff, rnd.Uint32()&0xfff, rnd.Uint32()&0xfff, rnd.Uint64()&0xffffffffffff))
	}
	slices.Sort(ids)
	return ids
}

// Ensure that the walk finds exactly those who are gone, whatever their ids look like and however the
// database sorts them, and that its cost is bounded by the owners as well as by the users.
func TestOwnersAreFoundAgain(t *testing.T) {
	byteWise := func(a, b string) bool { return a < b }
	noDashes := func(a, b string) bool { // like glibc's en_US
		x, y := strings.ToLower(strings.ReplaceAll(a, "-", "")), strings.ToLower(strings.ReplaceAll(b, "-", ""))
		return x < y || x == y && a < b
	}
	uuids := population(20_000)
	odd := make([]string, 3000)
	for i := range odd {
		odd[i] = fmt.Sprintf("%c-User-%d", 'A'+rune(i%2)*32, i)
	}
	every := func(ids []string, n int) (some []string) {
		for i := n / 2; i < len(ids); i += n {
			some = append(some, ids[i])
		}
		return some
	}
	for name, c := range map[string]struct {
		ids, held []string
		gone      int // every such of the held
		most      int // pages
	}{
		"all hold something":     {uuids, uuids, 1000, 21},
		"one in two":             {uuids, every(uuids, 2), 100, 21},
		"one in a hundred":       {uuids, every(uuids, 100), 10, 21},
		"one in two thousand":    {uuids, every(uuids, 2000), 3, 12},
		"one":                    {uuids, every(uuids, 20_000), 1, 2},
		"nobody is gone":         {uuids, every(uuids, 100), 1 << 20, 21},
		"imported ids":           {odd, odd, 100, 4},
		"imported ids, few hold": {odd, every(odd, 1000), 2, 4},
		"both":                   {slices.Concat(uuids, odd), slices.Concat(every(uuids, 1000), every(odd, 100)), 7, 24},
		"strangers among them":   {slices.Concat(uuids, odd), every(uuids, 500), 7, 60},
		"nobody holds":           {uuids, nil, 1, 0},
		"users of stores":        {uuids, []string{"f:ldap:ann"}, 1 << 20, 0},
	} {
		for sorts, less := range map[string]func(a, b string) bool{"bytewise": byteWise, "without dashes": noDashes} {
			var gone []string
			for i, user := range c.held {
				if (i+1)%c.gone == 0 {
					gone = append(gone, user)
				}
			}
			k := &keyed{keycloak: &keycloak{}, less: less, sorted: map[string][]string{}}
			k.users = slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return slices.Contains(gone, id) })
			var suspects []string
			missing, err := k.pagesOf(&suspects).Owners(t.Context(), "demo", c.held)
			slices.Sort(suspects)
			slices.Sort(gone)
			if err != nil || missing != len(gone) || !slices.Equal(suspects, gone) {
				t.Errorf("%s, %s: %d suspects, want %d: %v", name, sorts, len(suspects), len(gone), err)
			}
			if k.pages > c.most {
				t.Errorf("%s, %s: %d pages of %d rows in all", name, sorts, k.pages, k.rows)
			}
			if len(k.published) > 0 {
				t.Errorf("%s, %s: %d messages about what is known", name, sorts, len(k.published))
			}
		}
	}
}

// Ensure that a user whom the pages do not show is looked at at once, and once; and that where there
// are no pages by key nobody is suspected.
func TestOwnersWhoAreGoneAreLookedAt(t *testing.T) {
	for _, none := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k := &keyed{keycloak: &keycloak{}, less: func(a, b string) bool { return a < b }, none: none, sorted: map[string][]string{}}
			ids := population(100)
			k.users, k.held, k.realms = ids[1:], ids, map[string]int{"demo": 100}
			l := &Looker{
				Known: k, Ask: k, Log: k, Bind: k, Interval: time.Second, Rate: 100, Owners: 10 * time.Minute, Logger: zerolog.Nop(),
				Pages: &Pages{Known: k, Ask: k, Keys: k, Log: k, Logger: zerolog.Nop()},
			}
			end := looking(l)
			<-time.After(9 * time.Minute)
			synctest.Wait()
			want := []string{ids[0]}
			if none {
				want = nil
			}
			if asked := k.askedAbout(); !slices.Equal(asked, want) {
				t.Errorf("no pages: %v; looked at %v", none, asked)
			}
			if found := l.OwnersFound(); found.IsZero() != none || !none && time.Since(found) > 9*time.Minute {
				t.Errorf("no pages: %v; found again at %s", none, found)
			}
			k.mu.Lock()
			k.held = nil // the look has told that they are gone
			k.mu.Unlock()
			<-time.After(20 * time.Minute)
			synctest.Wait()
			if asked := k.askedAbout(); !slices.Equal(asked, want) {
				t.Errorf("no pages: %v; later looked at %v", none, asked)
			}
			if found := l.OwnersFound(); !found.IsZero() {
				t.Errorf("no pages: %v; nobody is left, and was found again at %s", none, found)
			}
			end()
		})
	}
}
