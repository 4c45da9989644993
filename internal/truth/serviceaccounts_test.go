//go:build truth

package truth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

func init() {
	ofOne = append(ofOne, action{"a service account, and what becomes of it", 2, serviceAccount})
}

// learnt is how long the worker needs to hear of a client from a look at one of its tokens. What is deleted before
// has a name that nobody bears, and its token is in doubt until a refresh is refused.
const learnt = 1500 * time.Millisecond

// serviceAccount makes a client with an offline token and a key of its own account. No event tells of the account's
// end where it is switched off, or goes with its client.
func serviceAccount(w *world, p *person, _ *held, _ string) error {
	name := fmt.Sprintf("service-%x", w.rnd.Int63())
	s, err := w.admin()
	if err != nil {
		return err
	}
	client := map[string]any{
		"clientId": name, "secret": w.keycloak.Secret, "publicClient": false, "serviceAccountsEnabled": true,
		"standardFlowEnabled": false, "attributes": map[string]string{"client_credentials.use_refresh_token": "true"},
	}
	q := &person{}
	if q.client, err = s.Call(w.ctx, http.MethodPost, w.realmPath()+"/clients", client, nil); err != nil {
		return err
	}
	var account struct{ ID, Username string }
	if err := w.call(http.MethodGet, "/clients/"+q.client+"/service-account-user", nil, &account); err != nil {
		return err
	}
	q.id, q.name = account.ID, account.Username
	p.tell("made %s", name)
	if err := w.mint(q); errors.Is(err, errNoKey) {
		return nil
	} else if err != nil {
		return err
	}
	w.joined(q)
	t, err := w.keycloak.Service(w.ctx, name, play.Offline)
	if err = w.born(q, t, err); err != nil {
		return err
	}
	play.Pause(w.ctx, learnt)
	return w.becomes(q, name)
}

// becomes is what happens to a service account in the end.
func (w *world) becomes(q *person, name string) error {
	switched := func(on bool) error {
		return w.call(http.MethodPut, "/clients/"+q.client, map[string]any{"clientId": name, "serviceAccountsEnabled": on}, nil)
	}
	switch w.rnd.Intn(6) {
	case 0:
		q.tell("switched off")
		return switched(false)
	case 1:
		q.tell("switched off and on again: another account")
		return errors.Join(switched(false), switched(true))
	case 2:
		q.tell("deleted with its client")
		return w.call(http.MethodDelete, "/clients/"+q.client, nil, nil)
	case 3:
		q.tell("disabled")
		return w.call(http.MethodPut, "/users/"+q.id, map[string]any{"enabled": false}, nil)
	case 4:
		q.tell("its client disabled")
		return w.call(http.MethodPut, "/clients/"+q.client, map[string]any{"clientId": name, "enabled": false}, nil)
	}
	return nil
}
