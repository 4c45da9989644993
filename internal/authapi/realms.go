package authapi

import "net/http"

// Realm is one realm that is served, strictly apart from the others: a credential acts in its
// own, a key is its owner's there, and a token comes from its issuer.
type Realm struct {
	ClientID   string // the application's client, whose tokens are kept here
	Keycloak   IdentityProvider
	Federation Federation
	LoginURL   string // where a user logs in again; shown with a dead token; may be empty
}

// Realms are all that are served, by the name that keys, tokens and credentials carry.
type Realms map[string]Realm

func (r Realms) serve(name string) bool {
	_, ok := r[name]
	return ok
}

func wrongRealm() *Problem {
	return problem(http.StatusForbidden, "wrong-realm", "", "this belongs to a realm that this authapi does not serve: check AUTHAPI_REALMS_FILE")
}
