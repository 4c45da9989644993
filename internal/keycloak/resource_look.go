package keycloak

import (
	"context"
	"encoding/json"
	"time"
)

// Asked is what a look of the resource is at: a user, a client by UUID or by name, named sessions,
// or the realm if nothing else is set.
type Asked struct {
	User     string
	Client   string // UUID
	ClientID string
	Sessions []string // at most MaxSessions
}

// MaxSessions is how many sessions one look may name, and how many rows a page may have.
const MaxSessions = 1000

// Parts is what a look of the resource saw, as one node read it in one transaction.
type Parts struct {
	At   time.Time // before the transaction, by the node's own clock
	Node string    // as the listener on the same node calls it
	// Parts are the looks, each the data of one observation of the log. They are not read here:
	// this package knows no facts.
	Parts []json.RawMessage
}

// Look asks for a complete answer, in as many parts as messages of the log take. NotOffered: ask
// the admin API.
func (r *Resource) Look(ctx context.Context, realm string, what Asked) (Parts, error) {
	for _, id := range append([]string{realm}, what.Sessions...) {
		if !plainID(id) {
			return Parts{}, ErrBadID
		}
	}
	for _, id := range []string{what.User, what.Client, what.ClientID} {
		if id != "" && !plainID(id) {
			return Parts{}, ErrBadID
		}
	}
	body := map[string]any{"realm": r.account.cfg.nameOf(realm)}
	for name, id := range map[string]string{"user": what.User, "client": what.Client, "client_id": what.ClientID} {
		if id != "" {
			body[name] = id
		}
	}
	if len(what.Sessions) > 0 {
		body["sessions"] = what.Sessions
	}
	ans, err := r.read(ctx, question{name: "look of the tokenstate resource", path: "look", body: body})
	if err != nil {
		return Parts{}, err
	}
	var got struct {
		At    int64             `json:"at"`
		Node  string            `json:"node"`
		Parts []json.RawMessage `json:"parts"`
	}
	if json.Unmarshal(ans.body, &got) != nil || !plausible(got.At, got.Node) || len(got.Parts) == 0 {
		return Parts{}, ans.unknown("the resource's look has no time, node or parts")
	}
	return Parts{At: time.UnixMilli(got.At).UTC(), Node: got.Node, Parts: got.Parts}, nil
}

// plausible: a time that a message may bear, and a node's name.
func plausible(at int64, node string) bool {
	const last = 253402300799999 // the year 9999
	return at > 0 && at <= last && node != "" && len(node) <= 64
}
