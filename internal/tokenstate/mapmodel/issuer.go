package mapmodel

import (
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// A token carries the issuer that its realm had, which is the realm's frontendUrl, or else Keycloak's own address, with
// the realm's name behind it. When either is changed Keycloak refuses all older tokens with "Invalid token issuer", and
// takes them again when it is changed back (keycloak.md P19). So a token of another issuer is in doubt and not closed:
// Keycloak's own address is in no row, and one that two names lead to may take what another one refuses.

// byIssuer stands as the key in the scope of a realm's present issuer, and, with the issuer behind it, in that of each
// that it ever had by a frontendUrl.
const byIssuer tokenstate.Matter = "issuer"

func issuerOf(realm string) Scope { return byIssuer.Of(Scope{Realm: realm}) }

func hadIssuer(realm, issuer string) Scope {
	return (byIssuer + " " + tokenstate.Matter(issuer)).Of(Scope{Realm: realm})
}

// issuerInQuestion reports whether t's realm has another issuer now than t carries, or may have.
func (f Facts) issuerInQuestion(t Token, r Rules) bool {
	if t.Issuer == "" {
		return false
	}
	nodes := f.said(issuerOf(t.Realm), tokenstate.Keycloak)
	_, differs := closedLook(nodes, r, func(s Standing) bool {
		if !strings.HasPrefix(s.ClientID, "/") {
			return s.ClientID != t.Issuer
		}
		return !strings.HasSuffix(t.Issuer, s.ClientID) || len(f.Looks[hadIssuer(t.Realm, t.Issuer)]) > 0
	})
	return differs
}
