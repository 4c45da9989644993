package mapmodel

// State of a token; the greater is the worse, and the worst reason wins.
type State int

// The states. Unknown is the zero value: nothing is stored or tracked. (No decision may be
// "usable" because somebody forgot to fill it in.)
const (
	Unknown State = iota
	Usable
	Suspended // reversible: the same token may work again
	Revoked
)

var stateNames = [...]string{"unknown", "usable", "suspended", "revoked"}

func (s State) String() string { return stateNames[s] }

// Reasons of verdicts, as callers see them.
const (
	ReasonSessionEnded    = "session_ended"     // named by an event and seen absent
	ReasonSessionAbsent   = "session_absent"    // a look that covers the token did not list it
	ReasonSessionRestart  = "session_restarted" // the client session began after the token
	ReasonUserNotBefore   = "user_not_before"
	ReasonRealmNotBefore  = "realm_not_before"
	ReasonClientNotBefore = "client_not_before"
	ReasonUserDisabled    = "user_disabled"
	ReasonRealmDisabled   = "realm_disabled"
	ReasonClientDisabled  = "client_disabled"
	ReasonUserDeleted     = "user_deleted"
	ReasonRealmDeleted    = "realm_deleted"
	ReasonClientDeleted   = "client_deleted"
	ReasonClientRenamed   = "client_renamed"
	ReasonOfflineAccess   = "offline_access_withdrawn"      // from the user
	ReasonClientOffline   = "client_without_offline_access" // bearer-only, or without the scope or the role in it
	ReasonRefused         = "refused"
	ReasonGrantRevoked    = "grant_revoked"
	ReasonOrder           = "revoked_by_order"
	ReasonExpired         = "expired"    // the token's own exp has passed
	ReasonSuperseded      = "superseded" // a newer one is stored, and each is good once
)

// Verdict is what Judge says of a token.
type Verdict struct {
	State  State
	Reason string // "" when usable
	// Since is the deciding look's or event's time, in Keycloak's clock.
	Since Millis
	Cause string // the deciding event's or message's id
	// CheckedAt is the latest look that covered the token; 0 if there was none.
	CheckedAt Millis
	InDoubt   bool   // something happened that no look has settled yet
	RetryAt   Millis // refused: try again then
}

// closure is one reason why something is not usable.
type closure struct {
	state  State
	reason string
	since  Millis
	cause  string
	retry  Millis
}

// worse: the worst state; then the earliest since; then the cause and reason, so that the
// answer is the same whatever order the reasons are found in.
func (c closure) worse(o closure) bool {
	if c.state != o.state {
		return c.state > o.state
	}
	if c.since != o.since {
		return c.since < o.since
	}
	if c.cause != o.cause {
		return c.cause < o.cause
	}
	return c.reason < o.reason
}

func worst(cs []closure) (closure, bool) {
	if len(cs) == 0 {
		return closure{}, false
	}
	w := cs[0]
	for _, c := range cs[1:] {
		if c.worse(w) {
			w = c
		}
	}
	return w, true
}
