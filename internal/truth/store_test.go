//go:build truth

package truth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// store is the realm's user store, a real slapd.
type store struct {
	*testenv.Directory
	id string // of the component
}

// openStore adds one to the realm; a machine without slapd goes without, and the run says so.
func (w *world) openStore() {
	w.t.Helper()
	if why := testenv.NoDirectory(); why != "" {
		w.t.Logf("nobody of this run is of a user store: %s", why)
		return
	}
	var realm struct{ ID string }
	w.must(w.call(http.MethodGet, "", nil, &realm))
	d := testenv.NewDirectory(w.t)
	component := d.Store("directory", realm.ID, testenv.BaseDN, true)
	config, _ := component["config"].(map[string][]string)
	config["editMode"], config["searchScope"] = []string{"UNSYNCED"}, []string{"2"} // a folder for each round; what an administrator changes stays with Keycloak
	s, err := w.admin()
	w.must(err)
	id, err := s.Call(w.ctx, http.MethodPost, w.realmPath()+"/components", component, nil)
	w.must(err)
	w.directory = &store{d, id}
}

// enterStored has people of the directory known to Keycloak.
func (w *world) enterStored(tag string, n int) error {
	if w.directory == nil {
		return nil
	}
	dn, uids, err := w.directory.People(w.ctx, "folk-"+tag, n, play.Password)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		var found []struct{ ID string }
		if err := w.call(http.MethodGet, "/users?exact=true&username="+uid, nil, &found); err != nil || len(found) != 1 {
			return fmt.Errorf("%d users of the directory are called %s: %w", len(found), uid, err)
		}
		p := &person{name: uid, id: found[0].ID, folder: dn, browser: w.keycloak.NewBrowser()}
		if err := w.mint(p); err != nil {
			return err
		}
		w.people = append(w.people, p)
	}
	return nil
}

// ofStored are what happens to one person of the directory, beside what happens to others, too.
var ofStored = []action{
	{"the entry left the directory, and Keycloak has noticed", 3, func(w *world, p *person, _ *held, _ string) error {
		if p.folder == "" || p.gone || w.jar != devstack.Listening { // only the listener hears of it
			return nil
		}
		p.gone = true
		if err := w.directory.Remove(w.ctx, p.folder, p.name); err != nil {
			return err
		}
		if err := w.noticed(p); err != nil {
			return err
		}
		if w.rnd.Intn(2) == 0 {
			return nil
		}
		p.tell("and is in it again: Keycloak takes it for somebody else")
		p.browser = w.keycloak.NewBrowser()
		return w.directory.Add(w.ctx, p.folder, p.name, play.Password)
	}},
}

// noticed has Keycloak look for a person who is not in the directory any more, which removes them. Until it has looked
// it goes on refreshing their tokens. They are looked for by name: who was imported anew has another id.
func (w *world) noticed(p *person) error {
	for end := time.Now().Add(patience); ; w.await() {
		var users []struct{ ID string }
		err := errors.Join(
			w.call(http.MethodPost, "/clear-user-cache", nil, nil), // who is cached is not looked for
			w.call(http.MethodGet, "/users?exact=true&username="+url.QueryEscape(p.name), nil, &users))
		switch {
		case err == nil && len(users) == 0:
			return nil
		case err == nil:
			return fmt.Errorf("Keycloak still shows %s, who is not in the directory", p.name)
		case !w.patient || time.Now().After(end):
			return err
		}
	}
}

// storable are actions on anybody that Keycloak allows on people of a store, too.
var storable = []string{
	"login by grant", "login by browser, SSO if there is a session", "refresh", "logout with the offline token", "revoke the offline token",
	"users/{id}/logout", "consent removed", "admin deletes the offline session", "user disabled or enabled", "account console: signed out everywhere",
}

func ofPerson(p *person) []action {
	if p.folder == "" {
		return chosen(ofOne)
	}
	all := slices.Concat(ofStored, slices.DeleteFunc(slices.Clone(ofOne), func(a action) bool { return !slices.Contains(storable, a.name) }))
	if some := chosen(all); len(some) > 0 {
		return some
	}
	return all
}

// emptied removes everybody whom Keycloak has imported from the directory. No event says whom.
func emptied(w *world, _ *person, _ *held, _ string) error {
	if w.directory == nil || w.jar != devstack.Listening {
		return nil
	}
	return w.call(http.MethodPost, "/user-storage/"+w.directory.id+"/remove-imported-users", nil, nil)
}
