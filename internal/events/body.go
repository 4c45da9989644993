package events

// Happened is a Keycloak event: a hint, hardly ever a fact (design.md 2.1).
type Happened struct {
	Event          string            `json:"event"` // Keycloak's own id, without suffix: the cause
	Kind           string            `json:"kind"`  // "user", "admin" or "provider"
	Type           string            `json:"type"`  // LOGOUT; admin: "DELETE USER_SESSION"
	Path           string            `json:"path,omitempty"`
	User           string            `json:"user,omitempty"`
	Session        string            `json:"session,omitempty"`
	Client         string            `json:"client,omitempty"`    // UUID of the client it is about
	ClientID       string            `json:"client_id,omitempty"` // its client_id
	Error          string            `json:"error,omitempty"`
	Details        map[string]string `json:"details,omitempty"`
	Representation *Representation   `json:"representation,omitempty"`
	RealmName      string            `json:"realm_name,omitempty"`
	Suppressed     int               `json:"suppressed,omitempty"`
	// CommittedBy is when, by its node's clock, what the event is about was in Keycloak's database at the
	// latest; 0 where nobody says so (the event store, a foreign publisher).
	CommittedBy Millis `json:"committed_by,omitempty"`
	// Actor is who did it, of an admin event. It says whom to ask why, and teaches nothing.
	Actor *Actor `json:"actor,omitempty"`
}

// Actor is who called Keycloak's admin API: Keycloak's ids, and no names.
type Actor struct {
	User   string `json:"user,omitempty"`   // the administrator's, or a service account's
	Client string `json:"client,omitempty"` // UUID of the client that they used
	Realm  string `json:"realm,omitempty"`  // id of the realm that both are in
}

// Representation is what is kept of an admin event's representation; nil members were absent.
type Representation struct {
	Offline         *bool   `json:"offline,omitempty"`
	Enabled         *bool   `json:"enabled,omitempty"`
	NotBefore       *int64  `json:"notBefore,omitempty"`
	ClientID        *string `json:"clientId,omitempty"`
	ConsentRequired *bool   `json:"consentRequired,omitempty"`
}

// Observation is one look at Keycloak, true for the instant of the message's At. A part that
// is nil or missing was not looked at.
type Observation struct {
	Causes  []Cause      `json:"causes,omitempty"`
	Realm   *RealmLook   `json:"realm,omitempty"`
	Clients []ClientLook `json:"clients,omitempty"`
	User    *UserLook    `json:"user,omitempty"`
	Users   []UserSeen   `json:"users,omitempty"` // of a page of a listing of users
	Rosters []Roster     `json:"rosters,omitempty"`
}

// Cause is an event that a look was taken for. Session is set only where a death-class event
// names that session as ended, Client only where it names one client of it.
type Cause struct {
	Event   string `json:"event"`
	Type    string `json:"type"`
	Session string `json:"session,omitempty"`
	Client  string `json:"client,omitempty"`
	At      Millis `json:"at"`
	Node    string `json:"node,omitempty"` // where it is not the looker's
}

// RealmLook is what a look saw of a realm.
type RealmLook struct {
	Gone      bool    `json:"gone,omitempty"`
	Enabled   bool    `json:"enabled"`
	NotBefore Seconds `json:"not_before,omitempty"`
	// Name is Keycloak's own, and FrontendURL the realm's address, "" if it has none of its own: together they are
	// what its tokens carry as iss. Name "": an older jar, which does not say.
	Name        string `json:"name,omitempty"`
	FrontendURL string `json:"frontend_url,omitempty"`
	// RefreshOnce: each refresh token is good once. nil: an older jar.
	RefreshOnce *bool `json:"refresh_once,omitempty"`
}

// ClientLook is what a look saw of a client; Client is its UUID, which survives a rename.
type ClientLook struct {
	Client    string  `json:"client"`
	ClientID  string  `json:"client_id,omitempty"`
	Gone      bool    `json:"gone,omitempty"`
	Enabled   bool    `json:"enabled"`
	NotBefore Seconds `json:"not_before,omitempty"`
	// OfflineAccess is false where Keycloak refreshes no offline token of the client, whoever's it is: it is
	// bearer-only, has no scope offline_access, or the role is not in its scope. nil: an older jar, which does not say.
	OfflineAccess *bool `json:"offline_access,omitempty"`
	// ConsentRequired: a user of the client must have granted what its tokens may do. nil: an older jar.
	ConsentRequired *bool `json:"consent_required,omitempty"`
}

// UserLook is what a look saw of a user.
type UserLook struct {
	User          string  `json:"user"`
	Gone          bool    `json:"gone,omitempty"`
	Enabled       bool    `json:"enabled"`
	OfflineAccess bool    `json:"offline_access"` // has the realm role, and one of the roles that the scope of that name demands
	NotBefore     Seconds `json:"not_before,omitempty"`
	Store         string  `json:"store,omitempty"` // id of the user store that this user comes from; "": the realm itself
}

// UserSeen is a user as a page of a listing shows them. No page shows who is gone, and the admin
// API's show no roles, so it can confirm what a look has told, or put it in question, and never
// replaces one.
type UserSeen struct {
	User          string  `json:"user"`
	Enabled       bool    `json:"enabled"`
	NotBefore     Seconds `json:"not_before,omitempty"`
	OfflineAccess *bool   `json:"offline_access,omitempty"` // nil: the page does not show it
	Store         string  `json:"store,omitempty"`          // as of UserLook
}

// Roster lists live offline sessions of what its scope covers: a user, a user's client, one
// session, or (a page) a client. Only a complete one proves that what it does not list is absent.
type Roster struct {
	User     string          `json:"user,omitempty"`
	Client   string          `json:"client,omitempty"`
	Session  string          `json:"session,omitempty"`
	Complete bool            `json:"complete"`
	Sessions []ClientSession `json:"sessions"`
}

// ClientSession is one client in one live offline session.
type ClientSession struct {
	Session  string  `json:"session"`
	Client   string  `json:"client"` // UUID
	ClientID string  `json:"client_id,omitempty"`
	User     string  `json:"user,omitempty"`
	Start    Seconds `json:"start,omitempty"` // of the client session; 0: unknown, the admin API does not show it
	Ends     Seconds `json:"ends,omitempty"`  // when Keycloak ends it if nobody uses it; 0: never, or an older jar
	Life     Seconds `json:"life,omitempty"`  // that the bound which ends it gives: from the last use on, or from its beginning
}

// The orders.
const (
	OrderRevoke     = "revoke"      // an operator's or the backend's cut
	OrderStanding   = "standing"    // the backend's own disable or enable
	OrderRefresh    = "refresh"     // outcome of one refresh: evidence about exactly that token
	OrderKeyRevoked = "key_revoked" // an API key, or a system key's generation
	OrderErase      = "erase"       // a user's personal fields; teaches nothing
	OrderLook       = "look"        // everybody, one user or one session is to be looked at again
)

// Order is what we decide ourselves, or saw ourselves.
type Order struct {
	Order  string `json:"order"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`

	User     string `json:"user,omitempty"`
	Client   string `json:"client,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Session  string `json:"session,omitempty"`
	Key      string `json:"key,omitempty"`

	Before Seconds `json:"before,omitempty"`
	Tokens bool    `json:"tokens,omitempty"`
	Keys   bool    `json:"keys,omitempty"`

	Enabled                  bool    `json:"enabled,omitempty"`
	CredentialsRevokedBefore Seconds `json:"credentials_revoked_before,omitempty"`

	IssuedAt         Seconds `json:"issued_at,omitempty"`
	Refused          bool    `json:"refused,omitempty"`
	RetryAt          Millis  `json:"retry_at,omitempty"`
	Error            string  `json:"error,omitempty"`
	ErrorDescription string  `json:"error_description,omitempty"`
}

// Pardon takes back the effect of one cause for ever.
type Pardon struct {
	Cause  string `json:"cause"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Heartbeat says that everything up to Oldest (or the message's At, when nothing is queued)
// has been delivered by that node.
type Heartbeat struct {
	Queued  int    `json:"queued"`
	Oldest  Millis `json:"oldest,omitempty"`
	Dropped int64  `json:"dropped"` // since the node started
	Leaving bool   `json:"leaving,omitempty"`

	// Instance is a random id of the node's process: two that alternate under one node name
	// are two nodes, and neither's heartbeats say how far the other has delivered.
	Instance string `json:"instance,omitempty"`
	Resource int    `json:"resource,omitempty"` // API version of the node's read-only resource; 0: none
}

// Mark is the worker's footprint in the log: a mark beyond the database's own floor proves
// that the database was restored.
type Mark struct {
	Epoch       string `json:"epoch"`
	Floor       uint64 `json:"floor"`
	FeedVersion int64  `json:"feed_version"`
}
