package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// Millis are the log's unit of time.
type Millis = events.Millis

// Seconds are the unit of time in tokens.
type Seconds = events.Seconds

// Scope names what a fact is about; an empty member means any. Client is Keycloak's UUID,
// never the client_id, which can be renamed. Key is an API key's id, or a system key's name
// and generation.
type Scope struct {
	Realm   string `json:"Realm"`
	User    string `json:"User"`
	Client  string `json:"Client"`
	Session string `json:"Session"`
	Key     string `json:"Key"`
}

// Authority is who says a standing. Neither opens what the other has closed.
type Authority string

// The two authorities.
const (
	Keycloak Authority = "keycloak"
	Backend  Authority = "backend"
)

// Subject is whose standing is meant, and by whose word.
type Subject struct {
	Scope     Scope     `json:"Scope"`
	Authority Authority `json:"Authority"`
}

// Token identifies one stored or tracked offline token. A refresh keeps Session and changes
// IssuedAt; without rotation every earlier generation stays valid, so IssuedAt belongs to the
// identity (keycloak.md G). Realm, User and Session are never empty: an empty one would be
// read as "any".
type Token struct {
	Realm    string  `json:"Realm"`
	User     string  `json:"User"`
	Client   string  `json:"Client"`   // UUID; "" while it is not known which client ClientID is
	ClientID string  `json:"ClientID"` // the token's azp
	Session  string  `json:"Session"`  // sid
	IssuedAt Seconds `json:"IssuedAt"`
	Expires  Seconds `json:"Expires"` // the token's exp; 0: none, or not known
	Issuer   string  `json:"Issuer"`  // the token's iss as Spelt; "": not known
}

// scopes are those that reach t, the first n of them. A scope with a client needs its UUID.
func (t Token) scopes() (all [6]Scope, n int) {
	r := t.Realm
	all = [...]Scope{
		{Realm: r},
		{Realm: r, User: t.User},
		{Realm: r, Session: t.Session},
		{Realm: r, Client: t.Client},
		{Realm: r, User: t.User, Client: t.Client},
		{Realm: r, Client: t.Client, Session: t.Session},
	}
	if t.Client == "" {
		return all, len(all) / 2
	}
	return all, len(all)
}

// seat is the place of t in rosters: one client in one session.
func (t Token) seat() Scope { return Scope{Realm: t.Realm, Client: t.Client, Session: t.Session} }
