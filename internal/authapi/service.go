package authapi

import (
	"net/http"
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// Scopes of service credentials.
const (
	ScopeMint        = "mint"
	ScopeKeys        = "keys"
	ScopeTokensWrite = "tokens:write"
	ScopeTokensUse   = "tokens:use"
	ScopeDecide      = "decide"
	ScopeStanding    = "standing"
	ScopeLogout      = "logout"
	ScopeExplain     = "explain"
	ScopeIntrospect  = "introspect"
)

// Scopes lists all of them.
func Scopes() []string {
	return []string{
		ScopeMint, ScopeKeys, ScopeTokensWrite, ScopeTokensUse, ScopeDecide,
		ScopeStanding, ScopeLogout, ScopeExplain, ScopeIntrospect,
	}
}

// service asks for a service credential with a scope. The realm of what it may touch is the
// credential's own, never the caller's choice. A credential that may not is given all the same,
// for the audit.
func (s *Server) service(r *http.Request, scope string) (projection.ServiceKey, *Problem) {
	values := r.Header.Values(headerService)
	if len(values) == 0 {
		return projection.ServiceKey{}, unauthorized("unknown", "send a service credential as "+headerService, false)
	}
	p, err := apikey.Parse(values[0])
	if err != nil || len(values) > 1 {
		return projection.ServiceKey{}, s.failed(r, unknownService())
	}
	var found projection.ServiceKey
	for _, k := range s.Known.ServiceKeys() { // all of them, so that the time tells nothing
		if rec := (apikey.Record{ID: k.Name, Digest: k.Digest, PepperID: k.PepperID}); s.Peppers.Matches(rec, p) {
			found = k
			s.noteService(rec, p)
		}
	}
	switch {
	case found.Name == "":
		return found, s.failed(r, unknownService())
	case !s.Realms.serve(found.Realm):
		return found, wrongRealm()
	case !slices.Contains(found.Scopes, scope):
		return found, problem(http.StatusForbidden, "insufficient-scope", "", "the credential lacks the scope "+scope)
	}
	return found, nil
}

func unknownService() *Problem {
	return unauthorized("unknown", "the service credential is not known: check it, or make one with authapi service-keys add", true)
}

// unlimited refuses who is limited to organizations, for what reaches all of a user's.
func unlimited(k projection.ServiceKey) *Problem {
	if len(k.Orgs) > 0 {
		return problem(http.StatusForbidden, "wrong-organization", "", "the credential is limited to organizations, and this reaches all of the user's")
	}
	return nil
}

// mayGive refuses to make or rotate a key that may do more than its maker: the maker sees the secret.
// With the key scope access-token it would get access tokens, which are of all the user's organizations.
func mayGive(k projection.ServiceKey, scopes apikey.Scopes) *Problem {
	switch {
	case !scopes.Has(apikey.ScopeAccessToken):
		return nil
	case !slices.Contains(k.Scopes, ScopeTokensUse):
		return problem(http.StatusForbidden, "insufficient-scope", "", "a key with the scope "+apikey.ScopeAccessToken+" is made and rotated by credentials with the scope "+ScopeTokensUse)
	}
	return unlimited(k)
}

// mayTouch refuses an organization outside the credential's.
func mayTouch(k projection.ServiceKey, org string) *Problem {
	if len(k.Orgs) > 0 && !slices.Contains(k.Orgs, org) {
		return problem(http.StatusForbidden, "wrong-organization", "", "the credential is limited to other organizations")
	}
	return nil
}
