package canary

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/client"
)

// A key lives a day; in its last hour the next one is made.
const (
	keyLife  = 24 * time.Hour
	keyRenew = time.Hour
)

func (r *round) login() (err error) {
	r.session, err = r.Keycloak.Login(r.ctx)
	return err
}

func (r *round) store() error {
	_, err := r.Authapi.TrackToken(r.ctx, r.session.ID)
	r.stored = err == nil
	return err
}

// mint makes a key, if there is none that lives on for a while. The name is no fixed one: the key of a canary that
// was killed may still be there.
func (r *round) mint() (err error) {
	if r.key != nil && r.key.UserID == r.session.ID.UserID && r.key.ExpiresAt != nil && time.Until(*r.key.ExpiresAt) > keyRenew {
		return nil
	}
	ends := time.Now().Add(keyLife)
	wanted := client.NewKey{Name: "canary " + ends.UTC().Format(time.RFC3339), ExpiresAt: &ends}
	return r.within(func() (bool, error) {
		key, err := r.Authapi.CreateKey(r.ctx, r.session.ID.UserID, wanted)
		if err == nil {
			r.key = key
		}
		return !isDisabled(err), err
	}, fmt.Errorf("authapi makes no key for a user who was enabled %s ago: is the listener on, and the worker running?", r.Patience))
}

// isDisabled: the round before had disabled the user, and authapi has not heard yet that they are enabled again.
func isDisabled(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Slug == "user-disabled"
}

func (r *round) living() error {
	return r.within(func() (bool, error) {
		v, err := r.verdict()
		return err == nil && v.State == client.Usable, err
	}, fmt.Errorf("authapi does not call a token of this moment usable after %s: `revocation-worker explain` tells why", r.Patience))
}

func (r *round) revoked() error {
	return r.within(func() (bool, error) {
		v, err := r.verdict()
		return err == nil && v.State == client.Revoked, err
	}, fmt.Errorf("authapi does not call the token revoked %s after its logout: is the listener on, and the worker running? `revocation-worker doctor` looks", r.Patience))
}

func (r *round) verdict() (client.Verdict, error) {
	id := r.session.ID
	ds, _, err := r.Authapi.Observe(r.ctx,
		client.Question{UserID: id.UserID, ClientID: id.ClientID, SessionID: id.SessionID, IssuedAt: id.IssuedAt})
	if err != nil || len(ds) != 1 {
		return client.Verdict{}, err
	}
	return ds[0].Verdict, nil
}

// errRefreshed: what tokenstate says and what Keycloak does are two things.
var errRefreshed = errors.New("Keycloak goes on refreshing the token that was logged out: somebody reads sessions over its admin REST API while they end (docs/harm.md)")

func (r *round) refused() error {
	refused, err := r.Keycloak.Refuses(r.ctx, r.session)
	if err == nil && !refused {
		return errRefreshed
	}
	return err
}

func (r *round) enabled(enabled bool) error {
	r.disabled = true // also if the answer is lost
	if err := r.Keycloak.SetEnabled(r.ctx, r.session.ID.UserID, enabled); err != nil {
		return err
	}
	r.disabled = !enabled
	return nil
}

// until waits until the key is admitted, or refused. Observe leaves no trace of a use.
func (r *round) until(admitted bool) error {
	word := map[bool]string{true: "refuses the key of a living user", false: "admits the key of a disabled user"}[admitted]
	return r.within(func() (bool, error) {
		ds, _, err := r.Authapi.Observe(r.ctx, client.Question{APIKey: r.key.Key})
		if err != nil || len(ds) != 1 {
			return false, err
		}
		return ds[0].Active == admitted, nil
	}, fmt.Errorf("authapi still %s after %s: `authapi keys show %s` tells why", word, r.Patience, r.key.ID))
}
