package devstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/deploy"
)

// workerRoles are what the worker's client may do in a realm: look, and nothing else.
var workerRoles = []string{"view-users", "view-clients", "view-realm", "view-events"}

// QuickHash is the password policy of the stack's realms. It is for made-up people only. Keycloak's own
// (argon2) was three quarters of what its processor time went into while a differential test ran.
const QuickHash = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"

// NewRealm makes a realm of the shape of deploy/realm.json under this name, its clients with
// the stack's secret, and lets the worker's client look at it. Its passwords are hashed quickly.
func (a *Admin) NewRealm(ctx context.Context, name string) error {
	var realm map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(deploy.Realm, "${APP_SECRET}", a.appSecret)), &realm); err != nil {
		return fmt.Errorf("deploy/realm.json: %w", err)
	}
	s, err := a.Session(ctx)
	if err != nil {
		return err
	}
	version, err := s.Version(ctx)
	if err != nil {
		return err
	}
	realm["realm"], realm["eventsListeners"], realm["passwordPolicy"] = name, listeners(version), QuickHash
	if _, err := s.Call(ctx, http.MethodPost, "", realm, nil); err != nil {
		return fmt.Errorf("make realm %s: %w", name, err)
	}
	return a.AdmitWorker(ctx, name)
}

// listeners are those that a realm lists. Keycloak 26.0 knows no global ones; later versions refuse
// any change of the event settings of a realm that lists one.
func listeners(version string) []string {
	if sinceMinor(version, 1) {
		return []string{"jboss-logging"}
	}
	return []string{"jboss-logging", "tokenstate"}
}

// hashQuickly has the administrator's own password hashed quickly, too, which Keycloak does at the next login after the
// policy has changed: a login cost 130 ms of processor time, and 30 since.
func (a *Admin) hashQuickly(ctx context.Context) error {
	s, err := a.Session(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Call(ctx, http.MethodPut, "/master", map[string]any{"passwordPolicy": QuickHash}, nil); err != nil {
		return fmt.Errorf("master's password policy: %w", err)
	}
	_, err = a.Session(ctx)
	return err
}

// DeleteRealm removes a realm. One that is gone already is no error.
func (a *Admin) DeleteRealm(ctx context.Context, name string) error {
	s, err := a.Session(ctx)
	if err != nil {
		return err
	}
	_, err = s.Call(ctx, http.MethodDelete, "/"+url.PathEscape(name), nil, nil)
	if status, ok := errors.AsType[*StatusError](err); ok && status.Code == http.StatusNotFound {
		return nil
	}
	return err
}

// AdmitWorker makes the worker's client in the master realm if it is not there, and gives its
// service account the roles on a realm, on master those that show the deletion of a realm, and the
// role for the jar's read-only resource.
// It may be repeated.
func (a *Admin) AdmitWorker(ctx context.Context, realm string) error {
	s, err := a.Session(ctx) // a new one: an older token knows nothing of a new realm
	if err != nil {
		return err
	}
	worker, err := a.workerClient(ctx, s)
	if err != nil {
		return fmt.Errorf("the worker's client: %w", err)
	}
	var account struct{ ID string }
	if _, err := s.Call(ctx, http.MethodGet, "/master/clients/"+worker+"/service-account-user", nil, &account); err != nil {
		return err
	}
	if err := grant(ctx, s, account.ID, realm, workerRoles); err != nil {
		return err
	}
	if err := grant(ctx, s, account.ID, "master", []string{"view-events"}); err != nil {
		return err
	}
	if err := grantReader(ctx, s, account.ID); err != nil {
		return err
	}
	version, err := s.Version(ctx)
	if err != nil {
		return err
	}
	_, err = s.Call(ctx, http.MethodPut, "/master", map[string]any{
		"adminEventsEnabled": true, "attributes": map[string]string{"adminEventsExpiration": "604800"},
		"eventsListeners": listeners(version),
	}, nil)
	return err
}

func grant(ctx context.Context, s *AdminSession, account, realm string, roles []string) error {
	rights, err := clientUUID(ctx, s, realm+"-realm")
	if err != nil {
		return err
	}
	var all []map[string]any
	if _, err := s.Call(ctx, http.MethodGet, "/master/clients/"+rights+"/roles", nil, &all); err != nil {
		return err
	}
	give := slices.DeleteFunc(all, func(role map[string]any) bool {
		name, _ := role["name"].(string)
		return !slices.Contains(roles, name)
	})
	if len(give) != len(roles) {
		return fmt.Errorf("realm %s has %d of the %d roles that the worker needs", realm, len(give), len(roles))
	}
	_, err = s.Call(ctx, http.MethodPost, "/master/users/"+account+"/role-mappings/clients/"+rights, give, nil)
	return err
}

// reader is the realm role that the jar's read-only resource asks for.
const reader = "tokenstate-reader"

func grantReader(ctx context.Context, s *AdminSession, account string) error {
	_, err := s.Call(ctx, http.MethodPost, "/master/roles", map[string]any{"name": reader}, nil)
	if status, ok := errors.AsType[*StatusError](err); err != nil && (!ok || status.Code != http.StatusConflict) {
		return fmt.Errorf("make the realm role %s: %w", reader, err)
	}
	var role map[string]any
	if _, err := s.Call(ctx, http.MethodGet, "/master/roles/"+reader, nil, &role); err != nil {
		return fmt.Errorf("find the realm role %s: %w", reader, err)
	}
	_, err = s.Call(ctx, http.MethodPost, "/master/users/"+account+"/role-mappings/realm", []map[string]any{role}, nil)
	return err
}

func (a *Admin) workerClient(ctx context.Context, s *AdminSession) (string, error) {
	_, err := s.Call(ctx, http.MethodPost, "/master/clients", map[string]any{
		"clientId": a.workerID, "secret": a.workerSecret, "publicClient": false, "serviceAccountsEnabled": true,
		"standardFlowEnabled": false, "directAccessGrantsEnabled": false,
	}, nil)
	if status, ok := errors.AsType[*StatusError](err); err != nil && (!ok || status.Code != http.StatusConflict) {
		return "", err
	}
	return clientUUID(ctx, s, a.workerID)
}

// clientUUID finds a client of the master realm by its client_id.
func clientUUID(ctx context.Context, s *AdminSession, clientID string) (string, error) {
	var found []struct{ ID string }
	if _, err := s.Call(ctx, http.MethodGet, "/master/clients?clientId="+url.QueryEscape(clientID), nil, &found); err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d clients of the master realm are called %s, want one", len(found), clientID)
	}
	return found[0].ID, nil
}
