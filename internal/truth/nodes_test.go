//go:build truth

package truth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// onNodes adds to the options of a stack what TRUTH_NODES (1 or 2) and TRUTH_SKEW (the second
// node's clock, such as +3s or -3s), TRUTH_NATS (1 or 3 servers) and TRUTH_STANDBY (1: Postgres has one) say.
func onNodes(o devstack.Options) (devstack.Options, error) {
	o.Nodes = int(number("TRUTH_NODES", 1))
	o.NATSNodes, o.Standby = int(number("TRUTH_NATS", 1)), os.Getenv("TRUTH_STANDBY") == "1"
	if text := os.Getenv("TRUTH_SKEW"); text != "" && o.Nodes > 1 {
		skew, err := time.ParseDuration(text)
		if err != nil {
			return o, err
		}
		o.Skew = skew
	}
	return o, nil
}

// settledOn is how long after the last action every verdict of this Keycloak is settled.
func settledOn(nodes []*play.Keycloak) time.Duration { return devstack.Settles(len(nodes)) }

// unlisted says of a token that Keycloak refreshes whether its session is in no list of Keycloak's own:
// one that is read just while it is removed comes back into the cache, and its tokens go on working
// although the database has it no more (keycloak#51127). Measured on 26.7.3: up to 20 of 25 logouts under
// three readers through the admin REST API, 4 to 7 of 30 with one reading at the moment, 0 of 60 with none.
func (w *world) unlisted(h *held) bool {
	client, known := w.uuid[h.Client]
	if !known { // one of their own
		var found []struct{ ID string }
		w.must(w.call(http.MethodGet, "/clients?clientId="+url.QueryEscape(h.Client), nil, &found))
		if len(found) != 1 {
			return false
		}
		client = found[0].ID
	}
	listed, err := listed(w.ctx, w.nodes[0], h.owner.id, client, h.Session) // whose sub may be another
	w.must(err)
	return !listed
}

// listed: the administrator's list has the session. client is the UUID.
func listed(ctx context.Context, k *play.Keycloak, user, client, session string) (bool, error) {
	var all []struct{ ID string }
	_, err := k.Call(ctx, http.MethodGet, "/users/"+user+"/offline-sessions/"+client, nil, &all)
	if status, ok := errors.AsType[*devstack.StatusError](err); ok && status.Code == http.StatusNotFound {
		return false, nil // the user is gone
	}
	for _, s := range all {
		if s.ID == session {
			return true, nil
		}
	}
	return false, err
}
