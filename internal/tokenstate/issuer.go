package tokenstate

import (
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// A token carries the issuer that its realm had, which is the realm's frontendUrl, or else Keycloak's own address, with
// the realm's name behind it. When either is changed Keycloak refuses all older tokens with "Invalid token issuer", and
// takes them again when it is changed back (keycloak.md P19). So a token of another issuer is in doubt and not closed:
// Keycloak's own address is in no row, and one that two names lead to may take what another one refuses.

// byIssuer stands as the key in the scope of a realm's present issuer, and, with the issuer behind it, in that of each
// that it ever had by a frontendUrl.
const byIssuer Matter = "issuer"

func issuerOf(realm string) Scope { return byIssuer.Of(Scope{Realm: realm}) }

func hadIssuer(realm, issuer string) Scope {
	return (byIssuer + " " + Matter(issuer)).Of(Scope{Realm: realm})
}

// learnIssuer: an older jar does not say. The present issuer stands in the place of a client's name.
func (f Facts) learnIssuer(realm string, r *events.RealmLook, node string, at Millis, cause string) {
	if r.Gone || r.Name == "" {
		return
	}
	is := "/realms/" + r.Name // behind an address that no row tells
	if r.FrontendURL != "" {
		is = Spelt(r.FrontendURL) + is
		f.putLook(hadIssuer(realm, is), node, Look{At: at, Cause: cause}, false)
	}
	f.stand(issuerOf(realm), node, Standing{At: at, ClientID: is, Cause: cause})
}

// Spelt is one spelling of all that mean the same issuer; a Token carries it so. What is no URL stays as it is.
func Spelt(issuer string) string {
	scheme, rest, ok := strings.Cut(issuer, "://")
	if !ok {
		return issuer
	}
	host, path, _ := strings.Cut(rest, "/")
	scheme, host = strings.ToLower(scheme), strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	if path = decoded(strings.TrimRight(path, "/")); path != "" {
		path = "/" + path
	}
	return scheme + "://" + host + path
}

// decoded is a path without its percent signs: which characters have one is a matter of taste.
func decoded(path string) string {
	const coded = len("%20")
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+coded <= len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+coded], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += coded - 1
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// issuerInQuestion reports whether t's realm has another issuer now than t carries, or may have.
func (f *opened) issuerInQuestion(t Token, r Rules) bool {
	if t.Issuer == "" {
		return false
	}
	nodes := f.said(Subject{issuerOf(t.Realm), Keycloak})
	_, differs := closedLook(nodes, r, bearer{}, func(s Standing, _ bearer) bool {
		if !strings.HasPrefix(s.ClientID, "/") {
			return s.ClientID != t.Issuer
		}
		return !strings.HasSuffix(t.Issuer, s.ClientID) || len(f.looks(hadIssuer(t.Realm, t.Issuer))) > 0
	})
	return differs
}
