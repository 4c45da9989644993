package tokenstate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// learnObservation: every part that was looked at becomes a fact of the look's instant.
func learnObservation(f Facts, m events.Message, o *events.Observation, at Millis) {
	cause := m.ID
	if len(o.Causes) > 0 {
		cause = o.Causes[0].Event
	}
	learnStandings(f, m, o, at, cause)
	for _, u := range o.Users {
		f.comesFrom(m.Realm, u.User, u.Store)
		key, shown := shownBy(u, at).stored(Scope{Realm: m.Realm, User: u.User}, cause)
		f.putSighting(key, m.Node, shown, false)
	}
	for _, ro := range o.Rosters {
		learnRoster(f, m, ro, at, cause)
	}
	for _, c := range o.Causes {
		learnNamed(f, m, o, c, at)
	}
	for node, listed := range causesByNode(m, o) {
		learnSettled(f, m, o, node, Raised{At: at, Event: listed})
	}
}

func learnStandings(f Facts, m events.Message, o *events.Observation, at Millis, cause string) {
	if r := o.Realm; r != nil && !realmOnlySaidGone(m, o) {
		if r.Gone {
			f.realmVanished(m, at, cause)
		}
		f.stand(Scope{Realm: m.Realm}, m.Node, Standing{
			At: at, Gone: r.Gone,
			Disabled: !r.Gone && !r.Enabled, NotBefore: r.NotBefore, Cause: cause,
		})
		f.learnIssuer(m.Realm, r, m.Node, at, cause)
		f.learnRotation(m.Realm, r, m.Node, at, cause)
	}
	for _, c := range o.Clients {
		f.stand(Scope{Realm: m.Realm, Client: c.Client}, m.Node, Standing{
			At: at, Gone: c.Gone,
			Disabled: !c.Gone && !c.Enabled, NoOffline: !c.Gone && c.OfflineAccess != nil && !*c.OfflineAccess,
			NotBefore: c.NotBefore, ClientID: c.ClientID, Cause: cause,
		})
		f.learnName(m.Realm, c, m.Node, at, cause)
		f.learnConsent(m.Realm, c, m.Node, at, cause)
	}
	if u := o.User; u != nil {
		f.comesFrom(m.Realm, u.User, u.Store)
		if u.Gone { // with the user went every session: the look covers them all
			f.putLook(Scope{Realm: m.Realm, User: u.User}, m.Node, Look{At: at, Cause: cause}, false)
			f.vanish(m, u.User, at, cause)
		}
		f.stand(Scope{Realm: m.Realm, User: u.User}, m.Node, Standing{
			At: at, Gone: u.Gone,
			Disabled: !u.Gone && !u.Enabled, NoOffline: lacksOfflineAccess(u), NotBefore: u.NotBefore, Cause: cause,
		})
		f.learnStoresRoles(m.Realm, u, m.Node, at, cause)
	}
}

// lacksOfflineAccess: a user store may give roles of its own (LDAP's role and group mappers), which no
// row of Keycloak's shows. Of its users a look that does not see the role proves nothing: roles.go.
func lacksOfflineAccess(u *events.UserLook) bool {
	return !u.Gone && !u.OfflineAccess && u.Store == ""
}

func (f Facts) stand(s Scope, node string, st Standing) {
	f.putStanding(Subject{s, Keycloak}, standingNode(node, st), st, false)
}

// learnRoster: what is listed lives; what is not is absent only from a complete roster.
func learnRoster(f Facts, m events.Message, ro events.Roster, at Millis, cause string) {
	s := Scope{Realm: m.Realm, User: ro.User, Client: ro.Client, Session: ro.Session}
	if ro.Session != "" {
		s.User = "" // a sid belongs to one user: one scope for both spellings
	}
	// A whole client's listing is paged and skips the living (keycloak.md F): never coverage.
	if ro.Complete && (s.User != "" || s.Session != "") {
		f.putLook(s, m.Node, Look{At: at, Cause: cause}, false)
	}
	for _, cs := range ro.Sessions {
		seat := Scope{Realm: m.Realm, Client: cs.Client, Session: cs.Session}
		f.putSighting(SightingKey{Seat: seat}, m.Node,
			Sighting{At: at, Start: cs.Start, Second: endOf(cs), Cause: cause, Owner: cmp.Or(cs.User, ro.User)}, false)
	}
}

// deathClass are the only events that name a session as ended. Births must never: the session
// is written after their event, and a look at once misses it.
var deathClass = map[string]bool{
	"LOGOUT": true, "USER_SESSION_DELETED": true, "REVOKE_GRANT": true, "DELETE USER_SESSION": true,
}

// learnNamed: a session that a death-class event names and this look shows absent is gone(N).
func learnNamed(f Facts, m events.Message, o *events.Observation, c events.Cause, at Millis) {
	if !deathClass[c.Type] || c.Session == "" || c.Type == "REVOKE_GRANT" && c.Client == "" {
		return
	}
	if !covers(o, c) || lists(o, c) {
		return
	}
	n := min(c.At, m.At).Second() // by Keycloak's clock, which wrote the tokens' iat, and not the log's
	seat := Scope{Realm: m.Realm, Client: c.Client, Session: c.Session}
	f.putSighting(SightingKey{Seat: seat, Gone: true}, m.Node, Sighting{At: at, Second: n, Cause: c.Event}, false)
}

// covers: some complete roster of this look would have listed what c names.
func covers(o *events.Observation, c events.Cause) bool {
	for _, ro := range o.Rosters {
		session := ro.Session == "" || ro.Session == c.Session
		client := ro.Client == "" || c.Client != "" && ro.Client == c.Client
		if ro.Complete && session && client && (ro.User != "" || ro.Session != "") {
			return true
		}
	}
	return false
}

func lists(o *events.Observation, c events.Cause) bool {
	for _, ro := range o.Rosters {
		for _, s := range ro.Sessions {
			if s.Session == c.Session && (c.Client == "" || s.Client == c.Client) {
				return true
			}
		}
	}
	return false
}

// causesByNode are the events that a look lists, by the node that told them.
func causesByNode(m events.Message, o *events.Observation) map[string]string {
	all := map[string][]string{}
	for _, c := range o.Causes {
		node := m.Node
		if c.Node != "" {
			node = c.Node
		}
		all[node] = append(all[node], c.Event)
	}
	listed := map[string]string{}
	for node, ids := range all {
		slices.Sort(ids)
		listed[node] = strings.Join(ids, " ")
	}
	return listed
}

// learnSettled: a look that lists an event as its cause was taken after its commit, whatever the clocks say, and
// settles that doubt of each subject that it looked at. It says nothing of another event, not even of one whose
// time is earlier: that may have been committed later.
func learnSettled(f Facts, m events.Message, o *events.Observation, node string, by Raised) {
	settle := func(d Doubt) { f.putDoubt(DoubtKey{Doubt: d, Settled: true}, node, by, false) }
	if o.Realm != nil && !realmOnlySaidGone(m, o) {
		settle(Doubt{Scope: Scope{Realm: m.Realm}})
	}
	for _, cl := range o.Clients {
		settle(Doubt{Scope: Scope{Realm: m.Realm, Client: cl.Client}})
	}
	for _, d := range settledOf(m.Realm, o) {
		settle(d)
	}
	for _, ro := range o.Rosters {
		if ro.Complete && ro.Session != "" {
			settle(Doubt{Scope: Scope{Realm: m.Realm, Session: ro.Session}})
		}
	}
}

// settledOf are the doubts of users that a look settles: of their sessions by a complete roster, of
// themselves where it looked at them, too. Of a user who is gone there is nothing else to see.
func settledOf(realm string, o *events.Observation) (ds []Doubt) {
	listed := map[string]bool{}
	for _, ro := range o.Rosters {
		if ro.Complete && ro.User != "" && ro.Client == "" && ro.Session == "" {
			listed[ro.User] = true
			ds = append(ds, sessionsDoubt(realm, ro.User))
		}
	}
	if u := o.User; u != nil && (u.Gone || listed[u.User]) {
		ds = append(ds, Doubt{Scope: Scope{Realm: realm, User: u.User}})
		if u.Gone {
			ds = append(ds, sessionsDoubt(realm, u.User))
		}
	}
	return ds
}
