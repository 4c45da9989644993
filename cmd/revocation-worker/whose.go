package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// askLimit bounds one question to Keycloak or authapi about whose an address or a request is.
const askLimit = 10 * time.Second

// others are whom explain asks about what the database does not have.
type others struct {
	authapiURL string
	serviceKey secret.Text
}

func (o *operator) addOthers(t *settings.Table) {
	o.AddKeycloakIf(t, true)
	t.URL(&o.authapiURL, "AUTHAPI_URL", true, "authapi, to ask it about a request's id; behind a load balancer name the replica that refused")
	t.Secret(&o.serviceKey, "AUTHAPI_SERVICE_KEY", "its service credential with the scope explain")
}

// story is of an id, an e-mail address or a refused request.
func (o *operator) story(ctx context.Context, name string) (timeline.Story, error) {
	if strings.Contains(name, "@") {
		user, err := o.ofEmail(ctx, name)
		if err != nil {
			return timeline.Story{}, err
		}
		return pgsource.Explain(ctx, o.pool, o.realm, user)
	}
	story, err := pgsource.Explain(ctx, o.pool, o.realm, name)
	if !errors.Is(err, timeline.ErrNobody) || o.authapiURL == "" {
		return story, err
	}
	refused, err := o.ofRequest(ctx, name)
	if err != nil {
		return story, err
	}
	story, err = pgsource.Explain(ctx, o.pool, refused.Realm, cmp.Or(refused.KeyID, refused.UserID))
	story.Asked = timeline.Asked{Kind: timeline.Request, ID: name}
	return story, err
}

// ofEmail asks Keycloak, and keeps nothing of the address.
func (o *operator) ofEmail(ctx context.Context, email string) (string, error) {
	if o.KeycloakURL == "" || o.realm == "" {
		return "", fmt.Errorf("%w: only Keycloak knows whose an e-mail address is: set KEYCLOAK_URL, KEYCLOAK_REALM, WORKER_KEYCLOAK_CLIENT_ID and its secret, or ask by the user's id", ops.ErrUsage)
	}
	admin, err := o.Admin()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	ids, err := admin.UsersByEmail(ctx, o.realm, email)
	switch {
	case errors.Is(err, keycloak.ErrUserStores):
		return "", err
	case err != nil:
		return "", fmt.Errorf("whose this e-mail address is, Keycloak does not say: %w", err)
	case len(ids) == 0:
		return "", fmt.Errorf("no user of the realm %s has this e-mail address", o.realm)
	case len(ids) > 1:
		return "", fmt.Errorf("several users have this e-mail address, so ask by the id of one: %s", strings.Join(ids, ", "))
	}
	return ids[0], nil
}

// ofRequest asks one replica of authapi, which remembers its last refusals.
func (o *operator) ofRequest(ctx context.Context, id string) (client.Refusal, error) {
	api, err := client.New(o.authapiURL, client.WithServiceKey(o.serviceKey.Reveal()))
	if err != nil {
		return client.Refusal{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	all, err := api.Refusals(ctx, client.RefusalQuestion{RequestID: id})
	switch {
	case err != nil:
		return client.Refusal{}, fmt.Errorf("%w; authapi was asked whether it refused a request of this id: %w", timeline.ErrNobody, err)
	case len(all) == 0:
		return client.Refusal{}, fmt.Errorf("%w; nor did the authapi at AUTHAPI_URL refuse a request of this id lately", timeline.ErrNobody)
	case all[0].UserID == "":
		return client.Refusal{}, fmt.Errorf("authapi refused this request at %s with %d %s: the secret of the key did not match, so nobody knows whose it was", all[0].At.UTC().Format(time.DateTime), all[0].Status, all[0].Reason)
	}
	return all[0], nil
}
