package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// learnHappened: an event raises doubts. It proves something on its own in two cases only: a user was
// deleted, or an offline grant was revoked, and only from a committed source (design.md 3.6). That a realm
// was deleted is kept as well, and counts once a look has found the realm gone (realmgone.go).
//
// A doubt is dated by when what happened was in the database, for the event's own time lies before its commit, and a
// look that came between the two has not seen it.
func learnHappened(f Facts, m events.Message, h *events.Happened, at Millis, trusted bool) {
	node, by := committed(m, h, at, trusted)
	for _, d := range doubts(m, h) {
		f.raise(d, node, by, h.Event)
	}
	if trusted && m.Source.Committed() {
		f.comesFrom(m.Realm, h.User, h.Details[events.StoreDetail])
		learnFinal(f, m, h)
	}
}

// committed is when what happened was in the database at the latest, and by whose clock. Only the latest event of a
// node is kept, so they must be in the order of their commits: then a look that was taken for the latest has seen
// the earlier ones, however late the log was told of them. What does not say when, or not by a clock near the log's,
// counts from when the log was told and stands under no node, for no look that lists it settles anything else.
func committed(m events.Message, h *events.Happened, at Millis, trusted bool) (node string, by Millis) {
	told, clock := max(at, m.Received), h.CommittedBy
	by = h.CommittedBy
	if by == 0 { // a listener of before it was told
		by, clock = told, m.At
	}
	if m.Source == events.Backfill || !trusted || m.Received-clock > NearClock || clock-m.Received > MaxAhead {
		return "", told
	}
	return m.Node, by
}

func learnFinal(f Facts, m events.Message, h *events.Happened) {
	at := capped(m)
	n := at.Second()
	switch {
	case h.Type == "DELETE_ACCOUNT" && h.User != "", h.Type == "DELETE USER" && isUserPath(h), removedForGood(h):
		cut(f, Scope{Realm: m.Realm, User: subjectUser(h)}, h.Event,
			Cutoff{Before: n, At: at, Tokens: true, Keys: true, Reason: ReasonUserDeleted})
	case h.Type == "DELETE REALM":
		cut(f, Scope{Realm: m.Realm}, h.Event,
			Cutoff{Before: n, At: at, Tokens: true, Keys: true, Reason: ReasonRealmDeleted})
	case h.Type == "REVOKE_GRANT" && h.Details["refresh_token_type"] == "Offline" && h.Session != "" && h.Client != "":
		// A session restarted at N revives tokens of N-1 and N, never earlier ones (keycloak.md
		// A7); the admin API shows nothing of it, so the event itself must say so.
		cut(f, Scope{Realm: m.Realm, Client: h.Client, Session: h.Session}, h.Event,
			Cutoff{Before: n - 1, At: at, Tokens: true, Reason: ReasonGrantRevoked})
	}
}

func cut(f Facts, s Scope, cause string, c Cutoff) {
	if s.User == "" && s.Session == "" && s.Key == "" && s.Client == "" && s.Realm == "" {
		return
	}
	f.putCutoff(s, cause, c, false)
}

// doubts are what an event puts in question: keycloak.md J, row by row.
func doubts(m events.Message, h *events.Happened) []Doubt {
	switch h.Kind {
	case "admin":
		return adminDoubts(m.Realm, h)
	case events.KindProvider:
		return providerDoubts(m.Realm, h)
	}
	user := Doubt{Scope: Scope{Realm: m.Realm, User: subjectUser(h)}}
	sessions, session := sessionsDoubt(m.Realm, subjectUser(h)), Doubt{Scope: Scope{Realm: m.Realm, Session: h.Session}}
	switch h.Type {
	case "LOGIN", "CODE_TO_TOKEN", "LOGOUT", "USER_SESSION_DELETED":
		return known(sessions, session)
	case "REFRESH_TOKEN_ERROR",
		"DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT":
		return known(user, session)
	case "UPDATE_CONSENT":
		return known(consentDoubt(user.Scope))
	case "REVOKE_GRANT":
		return grantDoubts(m, h, sessions, session)
	case "CLIENT_UPDATE":
		return clientUpdated(m.Realm, h.Client)
	case "CLIENT_DELETE":
		return clientDeleted(m.Realm, h.Client)
	}
	return nil
}

// grantDoubts: up to Keycloak 26.0 revoking an online or access token killed every offline
// session of user and client; since 26.1 it touches none (keycloak.md R1–R3).
func grantDoubts(m events.Message, h *events.Happened, sessions, session Doubt) []Doubt {
	online := h.Details["refresh_token_type"] == "Refresh" ||
		h.Details["token_id"] != "" && h.Details["revoked_client"] == ""
	if online && scopedRevoke(m.Server) {
		return nil
	}
	return known(sessions, session)
}

// known keeps the first doubt that names somebody: the user or their sessions, else the session.
func known(ds ...Doubt) []Doubt {
	for _, d := range ds {
		if d.Scope.User != "" || d.Scope.Session != "" || d.Scope.Client != "" {
			return []Doubt{d}
		}
	}
	return nil
}

// clientUpdated: a client has lifetimes of its own, as a realm has.
func clientUpdated(realm, client string) []Doubt {
	if client == "" {
		return nil
	}
	s := Scope{Realm: realm, Client: client}
	return []Doubt{{Scope: s}, listingDoubt(s), consentDoubt(s)}
}

func clientDeleted(realm, client string) []Doubt {
	if client == "" {
		return []Doubt{{Scope: Scope{Realm: realm}, Beneath: true}}
	}
	s := Scope{Realm: realm, Client: client}
	return []Doubt{{Scope: s}, {Scope: s, Beneath: true}}
}

func subjectUser(h *events.Happened) string {
	if h.User != "" {
		return h.User
	}
	if id := pathUser(h.Path); id != "" {
		return id
	}
	return h.Details["refresh_token_sub"]
}
