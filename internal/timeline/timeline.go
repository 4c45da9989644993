// Package timeline tells how a user's verdicts came about: message by message, as they were
// learnt. It is pure; its callers bring the messages.
package timeline

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// ErrNobody says that no message and no token names whom a story was asked about.
var ErrNobody = errors.New("nothing is known of this user or session: check the id and the realm")

// Story is a user's timeline.
type Story struct {
	Realm string `json:"realm"`
	User  string `json:"user"`
	Steps []Step `json:"steps"`
	More  bool   `json:"more"` // there are more messages than are told
	// Pruned: the journal was pruned, so earlier messages may be missing, and with them the first causes.
	Pruned bool `json:"pruned"`
}

// Step is one message and what changed by it.
type Step struct {
	At       time.Time `json:"at"`       // Keycloak's clock, or the issuer's
	Received time.Time `json:"received"` // the log's
	ID       string    `json:"id"`
	From     string    `json:"from"` // listener, backfill, look, authapi, operator, worker, foreign
	What     string    `json:"what"`
	Changes  []Change  `json:"changes,omitempty"`
}

// Change is one verdict that the step changed.
type Change struct {
	What   string `json:"what"` // a token by client and session, or the owner of keys
	Before string `json:"before"`
	After  string `json:"after"`
}

// Of tells the story of one user's tokens and standing. ms are in the order of their arrival.
func Of(ms []events.Message, realm, user string, tokens []tokenstate.Token, r tokenstate.Rules) []Step {
	f := tokenstate.NewFacts()
	was := verdicts(f, realm, user, tokens, r)
	steps := []Step{}
	for _, m := range ms {
		f.Add(tokenstate.Learn(m))
		is := verdicts(f, realm, user, tokens, r)
		s := Step{At: m.At.Time(), Received: m.Received.Time(), ID: m.ID, From: strings.TrimPrefix(string(m.Source), "urn:tokenstate:"), What: Describe(m)}
		for _, k := range slices.Sorted(maps.Keys(is)) {
			if is[k] != was[k] {
				s.Changes = append(s.Changes, Change{k, was[k], is[k]})
			}
		}
		was = is
		if len(s.Changes) > 0 || !slices.Equal(m.About(), []string{events.Everyone}) {
			steps = append(steps, s) // what concerns everybody is told only if it mattered here
		}
	}
	return steps
}

func verdicts(f tokenstate.Facts, realm, user string, tokens []tokenstate.Token, r tokenstate.Rules) map[string]string {
	out := map[string]string{}
	for _, t := range tokens {
		v := tokenstate.Judge(t, f, r)
		out["token of "+t.ClientID+" in session "+t.Session] = words(v.State.String(), v.Reason, v.InDoubt)
	}
	o := tokenstate.Owner(realm, user, f, r)
	state := "active"
	switch {
	case !o.Active:
		state = "closed"
	case !o.Known:
		state = "never looked at"
	}
	out["owner of keys"] = words(state, o.Reason, o.InDoubt)
	return out
}

func words(state, reason string, doubt bool) string {
	if reason != "" {
		state += " (" + reason + ")"
	}
	if doubt {
		state += ", in doubt"
	}
	return state
}

// Describe says in a few words what m says; never more than ids.
func Describe(m events.Message) string {
	switch b := m.Body.(type) {
	case *events.Happened:
		return strings.TrimSpace("event " + b.Type + " " + b.Error)
	case *events.Observation:
		return describeLook(b)
	case *events.Order:
		return "order " + b.Order + " by " + b.By
	case *events.Pardon:
		return "pardon of " + b.Cause + " by " + b.By
	default:
		return string(m.Body.Class())
	}
}

func describeLook(o *events.Observation) string {
	what := "look"
	switch {
	case o.Realm != nil:
		what += " at the realm"
	case o.User == nil && len(o.Clients) > 0:
		what += " at a client"
	}
	if u := o.User; u != nil {
		switch {
		case u.Gone:
			what += ": user is gone"
		case !u.Enabled:
			what += ": user is disabled"
		default:
			what += ": user is enabled"
		}
	}
	live := 0
	for _, r := range o.Rosters {
		live += len(r.Sessions)
	}
	if len(o.Rosters) > 0 {
		what += ", offline sessions listed: " + strconv.Itoa(live)
	}
	return what
}
