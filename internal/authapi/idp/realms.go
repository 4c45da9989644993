package idp

// Realm is one realm that is served, strictly apart from the others: a credential acts in its
// own, a key is its owner's there, and a token comes from its issuer.
type Realm struct {
	ClientID   string // the application's client, whose tokens are kept here
	Keycloak   Provider
	Federation Federation
	LoginURL   string // where a user logs in again; shown with a dead token; may be empty
}

// Realms are all that are served, by the name that keys, tokens and credentials carry.
type Realms map[string]Realm

// Serve reports whether a realm is one of them.
func (r Realms) Serve(name string) bool {
	_, ok := r[name]
	return ok
}
