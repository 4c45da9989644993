package mapmodel

import "github.com/tokenstate/tokenstate/internal/events"

// Millis and Seconds are the log's units of time.
type (
	Millis  = events.Millis
	Seconds = events.Seconds
)

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

// scopes are those that reach t, widest first. A scope with a client needs its UUID.
func (t Token) scopes() []Scope {
	r := t.Realm
	s := append(make([]Scope, 0, 6), Scope{Realm: r}, Scope{Realm: r, User: t.User}, Scope{Realm: r, Session: t.Session})
	if t.Client == "" {
		return s
	}
	return append(s, Scope{Realm: r, Client: t.Client},
		Scope{Realm: r, User: t.User, Client: t.Client},
		Scope{Realm: r, Client: t.Client, Session: t.Session})
}

// seat is the place of t in rosters: one client in one session.
func (t Token) seat() Scope { return Scope{Realm: t.Realm, Client: t.Client, Session: t.Session} }
