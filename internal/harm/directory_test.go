//go:build harm

package harm

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

const (
	members  = 6                // people of a directory
	returned = 15 * time.Second // within which everything is right after a directory is back
	mistyped = 10 * time.Second
)

// scene is something that happens to a directory; it gives back what it took.
type scene struct {
	name string
	do   func(s *staged) error
}

var scenes = []scene{
	{"entry_removed", func(s *staged) error {
		if err := s.ldap.Remove(s.ctx, s.dn, s.uids[0]); err != nil {
			return err
		}
		s.people[0].removed = true
		return s.stir()
	}},
	{"folder_unknown", mistype("ou=nowhere," + testenv.BaseDN)},
	{"folder_empty", mistype(testenv.BaseDN)}, // searched at one level: nobody is there
	{"away_20_s", func(s *staged) error { return s.away(20 * time.Second) }},
	{"away_10_min", func(s *staged) error { return s.away(10 * time.Minute) }},
}

// mistype lets the stores look into another folder for a while.
func mistype(dn string) func(*staged) error {
	return func(s *staged) error {
		if err := s.point(dn); err != nil {
			return err
		}
		s.watch(mistyped)
		return s.point(s.dn)
	}
}

// Ensure that whatever happens to a user store, looks at its users leave them as they would be without us,
// close no key while the store cannot tell, and are right soon after it is back.
func TestDirectory(t *testing.T) {
	ldap := testenv.NewDirectory(t)
	w := start(t, "harm-directory")
	for _, imports := range []bool{true, false} {
		for _, sc := range scenes {
			if sc.name == "away_10_min" && os.Getenv("HARM_LONG") != "1" {
				continue
			}
			t.Run(fmt.Sprintf("%s/import=%t", sc.name, imports), func(t *testing.T) { w.scene(t, ldap, sc, imports) })
		}
	}
}

// staged is a scene's own directory folder and its user store in both realms.
type staged struct {
	*world
	t       *testing.T
	ldap    *testenv.Directory
	dn      string
	uids    []string
	stores  map[*side]string         // component ids
	configs map[*side]map[string]any // the components
	people  []*member                // of the realm that is heard
	online  map[*side][]play.Tokens  // sessions that may be ended
	ids     map[*side][]string       // of all people, by realm
	lowest  int                      // keys that were good at the worst moment
	refused string                   // what authapi said of the last key that was not
}

// member is one of the people, with a key and an offline token that authapi holds.
type member struct {
	id, key string
	token   play.Tokens
	claims  play.Claims
	removed bool // from the directory: who is not found may be found again, so that they are in doubt for good
}

func (w *world) scene(t *testing.T, ldap *testenv.Directory, sc scene, imports bool) {
	t.Helper()
	s := &staged{world: w, t: t, ldap: ldap, stores: map[*side]string{}, configs: map[*side]map[string]any{}, online: map[*side][]play.Tokens{}, ids: map[*side][]string{}, lowest: members}
	name := fmt.Sprintf("%s-%t", strings.ReplaceAll(sc.name, "_", ""), imports)
	var err error
	s.dn, s.uids, err = ldap.People(w.ctx, name, members, play.Password)
	must(t, err)
	for _, r := range w.sides() {
		must(t, s.open(r, name, imports))
	}
	before := s.rows(w.with)
	if other := s.rows(w.without); other != before {
		t.Fatalf("the scene begins with %+v and %+v", before, other)
	}
	must(t, sc.do(s))
	back := time.Now()
	wrong := s.right(back.Add(returned))
	with, without := s.rows(w.with), s.rows(w.without)
	say("scene=%s import=%t users_with=%d users_without=%d roles_with=%d roles_without=%d credentials_with=%d credentials_without=%d keys_200=%d/%d right_after_s=%.1f",
		sc.name, imports, with.users, without.users, with.roles, without.roles, with.credentials, without.credentials, s.lowest, members, time.Since(back).Seconds())
	if with != without {
		t.Errorf("Keycloak has %+v of the store's users with us and %+v without", with, without)
	}
	if s.lowest < members {
		t.Errorf("only %d of %d keys were good while their owners' store could not tell: %s", s.lowest, members, s.refused)
	}
	for _, text := range wrong {
		t.Errorf("%s after the directory was back: %s", returned, text)
	}
}

// open makes the user store in a realm, and logs its people in.
func (s *staged) open(r *side, name string, imports bool) error {
	var realm struct{ ID string }
	if err := r.call(s.ctx, http.MethodGet, "", nil, &realm); err != nil {
		return err
	}
	s.configs[r] = s.ldap.Store(name, realm.ID, s.dn, imports)
	id, err := r.create(s.ctx, http.MethodPost, "/components", s.configs[r], nil)
	if err != nil {
		return err
	}
	s.stores[r], s.configs[r]["id"] = id, id
	for _, uid := range s.uids {
		if err := s.enter(r, uid); err != nil {
			return fmt.Errorf("%s in realm %s: %w", uid, r.Realm, err)
		}
	}
	return nil
}

// enter logs a person in, offline and online; in the realm that is heard they get a key, and authapi the token.
func (s *staged) enter(r *side, uid string) error {
	m := &member{}
	var err error
	if m.token, err = r.Grant(s.ctx, "app", uid, play.Offline); err != nil {
		return err
	}
	online, err := r.Grant(s.ctx, "app", uid, "")
	if err != nil {
		return err
	}
	if m.claims, err = m.token.Claims(); err != nil {
		return err
	}
	m.id = m.claims.User
	s.online[r], s.ids[r] = append(s.online[r], online), append(s.ids[r], m.id)
	if !r.heard {
		return nil
	}
	a, err := s.backend.Mint(s.ctx, m.id, "org", "harm")
	if m.key = a.Text("key"); err != nil || m.key == "" {
		return fmt.Errorf("mint: %d %v %w", a.Status, a.Body, err)
	}
	if a, err := s.backend.Store(s.ctx, m.token); err != nil || a.Status/100 != 2 {
		return fmt.Errorf("store: %d %v %w", a.Status, a.Body, err)
	}
	s.people = append(s.people, m)
	return nil
}

// point gives both stores another usersDn.
func (s *staged) point(dn string) error {
	return s.both(func(r *side) error {
		s.configs[r]["config"].(map[string][]string)["usersDn"] = []string{dn}
		return r.call(s.ctx, http.MethodPut, "/components/"+s.stores[r], s.configs[r], nil)
	})
}

// stir ends each person's online session: an event for which they are looked at. Keycloak may refuse, for it
// may find that the person is gone or disabled; then that is what happens in both realms.
func (s *staged) stir() error {
	err := s.both(func(r *side) error {
		for _, t := range s.online[r] {
			if err := r.Logout(s.ctx, t); err != nil && !isRefusal(err) {
				return err
			}
		}
		return nil
	})
	s.watch(2 * drained)
	return err
}

// away stops the directory, lets something happen to its people, and starts it again.
func (s *staged) away(d time.Duration) error {
	s.ldap.Stop()
	began := time.Now()
	if err := s.stir(); err != nil {
		return err
	}
	s.watch(d - time.Since(began))
	return s.ldap.Start(s.ctx)
}

// watch asks about the keys again and again.
func (s *staged) watch(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && s.ctx.Err() == nil; play.Pause(s.ctx, 500*time.Millisecond) {
		s.lowest = min(s.lowest, s.good())
	}
}

// good counts the keys that are admitted.
func (s *staged) good() (n int) {
	for _, m := range s.people {
		a, err := s.backend.Me(s.ctx, m.key)
		if err == nil && a.Status == http.StatusOK {
			n++
		} else {
			s.refused = fmt.Sprintf("%d %s %v", a.Status, a.Text("reason"), err)
		}
	}
	return n
}

// right waits until keys are good and the tokens of those who are still there are usable and not in doubt, and
// says what is not by then.
func (s *staged) right(end time.Time) (wrong []string) {
	for {
		wrong = nil
		for i, m := range s.people {
			if text := s.judged(m); text != "" {
				wrong = append(wrong, fmt.Sprintf("%s: %s", s.uids[i], text))
			}
		}
		if len(wrong) == 0 || time.Now().After(end) {
			return wrong
		}
		play.Pause(s.ctx, 500*time.Millisecond)
	}
}

func (s *staged) judged(m *member) string {
	vs, err := s.backend.Decide(s.ctx, []play.Question{{User: m.id, Client: "app", Session: m.claims.Session, IssuedAt: m.claims.IssuedAt}})
	if err != nil {
		return err.Error()
	}
	a, err := s.backend.Me(s.ctx, m.key)
	if err != nil || a.Status != http.StatusOK {
		return fmt.Sprintf("the key is answered %d %v %v", a.Status, a.Body, err)
	}
	if v := vs[0]; !m.removed && (v.State != "usable" || v.InDoubt) {
		return fmt.Sprintf("the token is called %s %s (in doubt: %t)", v.State, v.Reason, v.InDoubt)
	}
	return ""
}

// rows are those of Keycloak's database that belong to a store's users, under the ids that they came with: who
// was removed comes back under another one.
type rows struct{ users, roles, credentials int }

const storeRows = `SELECT
  (SELECT count(*) FROM user_entity WHERE federation_link = $1 AND id = ANY($2)) + (SELECT count(*) FROM federated_user WHERE storage_provider_id = $1),
  (SELECT count(*) FROM user_role_mapping m JOIN user_entity u ON u.id = m.user_id WHERE u.federation_link = $1 AND u.id = ANY($2)) + (SELECT count(*) FROM fed_user_role_mapping WHERE storage_provider_id = $1),
  (SELECT count(*) FROM credential c JOIN user_entity u ON u.id = c.user_id WHERE u.federation_link = $1 AND u.id = ANY($2)) + (SELECT count(*) FROM fed_user_credential WHERE storage_provider_id = $1)`

func (s *staged) rows(r *side) (out rows) {
	s.t.Helper()
	db, err := pgx.Connect(s.ctx, strings.Replace(s.stack.Env.DatabaseURL, "/tokenstate?", "/keycloak?", 1))
	must(s.t, err)
	defer func() { _ = db.Close(context.WithoutCancel(s.ctx)) }()
	must(s.t, db.QueryRow(s.ctx, storeRows, s.stores[r], s.ids[r]).Scan(&out.users, &out.roles, &out.credentials))
	return out
}
