package gate

import (
	"net/http"
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
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
	ScopeNotices     = "notices"
)

// Scopes lists all of them.
func Scopes() []string {
	return []string{
		ScopeMint, ScopeKeys, ScopeTokensWrite, ScopeTokensUse, ScopeDecide,
		ScopeStanding, ScopeLogout, ScopeExplain, ScopeIntrospect, ScopeNotices,
	}
}

// Service asks for a service credential with a scope. The realm of what it may touch is the
// credential's own, never the caller's choice. A credential that may not is given all the same,
// for the audit.
func (g *Gate) Service(r *http.Request, scope string) (projection.ServiceKey, *problem.Problem) {
	values := r.Header.Values(HeaderService)
	if len(values) == 0 {
		return projection.ServiceKey{}, problem.Unauthorized("unknown", "send a service credential as "+HeaderService, false)
	}
	p, err := apikey.Parse(values[0])
	if err != nil || len(values) > 1 {
		return projection.ServiceKey{}, g.Failed(r, unknownService())
	}
	var found projection.ServiceKey
	for _, k := range g.Known.ServiceKeys() { // all of them, so that the time tells nothing
		if rec := (apikey.Record{ID: k.Name, Digest: k.Digest, PepperID: k.PepperID}); g.Peppers.Matches(rec, p) {
			found = k
			g.noteService(rec, p)
		}
	}
	switch {
	case found.Name == "":
		return found, g.Failed(r, unknownService())
	case !g.Realms.Serve(found.Realm):
		return found, wrongRealm()
	case !slices.Contains(found.Scopes, scope):
		return found, problem.New(http.StatusForbidden, "insufficient-scope", "", "the credential lacks the scope "+scope)
	}
	return found, nil
}

func unknownService() *problem.Problem {
	return problem.Unauthorized("unknown", "the service credential is not known: check it, or make one with authapi service-keys add", true)
}

// CheckUnlimited refuses who is limited to organizations, for what reaches all of a user's.
func CheckUnlimited(k projection.ServiceKey) *problem.Problem {
	if len(k.Orgs) > 0 {
		return problem.New(http.StatusForbidden, "wrong-organization", "", "the credential is limited to organizations, and this reaches all of the user's")
	}
	return nil
}

// CheckOrganization refuses an organization outside the credential's.
func CheckOrganization(k projection.ServiceKey, org string) *problem.Problem {
	same := func(one string) bool { return apikey.Organization(one) == apikey.Organization(org) }
	if len(k.Orgs) > 0 && !slices.ContainsFunc(k.Orgs, same) {
		return problem.New(http.StatusForbidden, "wrong-organization", "", "the credential is limited to other organizations")
	}
	return nil
}
