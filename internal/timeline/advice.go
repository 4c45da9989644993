package timeline

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const logInAgain = "have the user log in again with the scope offline_access"

// enableUser names the place: neither Keycloak nor the backend opens what the other has closed.
func (l truth) enableUser() string {
	switch {
	case l.ordered:
		return "enable the user by POST /v1/users/{user_id}/standing: the backend disabled it, and Keycloak's word does not undo that"
	case l.by != "":
		return "enable the user in Keycloak"
	default:
		return "enable the user where it was disabled: in Keycloak, or by POST /v1/users/{user_id}/standing"
	}
}

// keyAdvice is what helps where a key is refused.
func keyAdvice(k apikey.Record, l truth) string {
	switch l.reason {
	case apikey.ReasonUserDisabled:
		return l.enableUser() + "; the keys work again then"
	case apikey.ReasonUserDeleted:
		return "nothing brings these keys back: a user who is made anew needs new ones"
	case apikey.ReasonRealmDisabled:
		return "enable the realm in Keycloak"
	case apikey.ReasonRevoked:
		if k.RevokedAt == 0 { // cut off by an order about the user or realm, which can be pardoned
			return "make a new key" + orPardon(l.cause)
		}
		return "make a new key"
	case apikey.ReasonExpired:
		return "make a new key"
	case apikey.ReasonNotYetValid:
		return "wait, or make a key without not_before"
	case apikey.ReasonNotAMember:
		return "make the user a member of the organization"
	default:
		return ""
	}
}

// tokenAdvice is what helps where an offline token does not.
func tokenAdvice(l truth) string {
	switch l.reason {
	case tokenstate.ReasonUserDisabled:
		return l.enableUser()
	case tokenstate.ReasonRealmDisabled:
		return "enable the realm in Keycloak"
	case tokenstate.ReasonClientDisabled:
		return "enable the client in Keycloak"
	case tokenstate.ReasonOfflineAccess:
		return "give the user the role offline_access back"
	case tokenstate.ReasonClientOffline:
		return "let the client have offline access again: not bearer-only, the scope offline_access, the role in its scope"
	case tokenstate.ReasonClientRenamed:
		return "give the client its name back, or " + logInAgain
	case tokenstate.ReasonRefused:
		return "Keycloak refuses it at present: its server log says more; it is tried again by itself"
	case tokenstate.ReasonOrder:
		return logInAgain + orPardon(l.cause)
	}
	if l.state == tokenstate.Revoked.String() {
		return logInAgain
	}
	return ""
}

func orPardon(cause string) string {
	if cause == "" {
		return ""
	}
	return "; if it was a mistake: revocation-worker pardon " + cause + " --reason …"
}
