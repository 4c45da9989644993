package page

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// What a reason means, in a sentence. What helps is the timeline's to say: it knows who did it.
var tokenMeans = map[string]string{
	tokenstate.ReasonSessionEnded:    "The offline session was ended.",
	tokenstate.ReasonSessionAbsent:   "Keycloak no longer lists the offline session.",
	tokenstate.ReasonSessionRestart:  "The session was begun anew after this token.",
	tokenstate.ReasonUserNotBefore:   "The user was logged out everywhere (not-before).",
	tokenstate.ReasonRealmNotBefore:  "Everybody in the realm was logged out (not-before).",
	tokenstate.ReasonClientNotBefore: "All tokens of this client were revoked (not-before).",
	tokenstate.ReasonUserDisabled:    "The user is disabled.",
	tokenstate.ReasonRealmDisabled:   "The realm is disabled.",
	tokenstate.ReasonClientDisabled:  "The client is disabled.",
	tokenstate.ReasonUserDeleted:     "The user was deleted.",
	tokenstate.ReasonRealmDeleted:    "The realm was deleted.",
	tokenstate.ReasonClientDeleted:   "The client was deleted.",
	tokenstate.ReasonClientRenamed:   "The client has another client_id now.",
	tokenstate.ReasonOfflineAccess:   "The user has lost the role offline_access.",
	tokenstate.ReasonClientOffline:   "The client may not have offline tokens.",
	tokenstate.ReasonRefused:         "Keycloak refused the last refresh.",
	tokenstate.ReasonGrantRevoked:    "The offline grant was revoked.",
	tokenstate.ReasonOrder:           "An operator or the backend ordered it.",
	tokenstate.ReasonExpired:         "The token has expired.",
	tokenstate.ReasonSuperseded:      "A newer token took its place.",
}

var keyMeans = map[string]string{
	apikey.ReasonExpired:       "The key has expired.",
	apikey.ReasonNotYetValid:   "The key is not valid yet.",
	apikey.ReasonRevoked:       "The key was revoked.",
	apikey.ReasonUserDisabled:  "The user is disabled.",
	apikey.ReasonUserDeleted:   "The user was deleted.",
	apikey.ReasonRealmDisabled: "The realm is disabled or deleted.",
	apikey.ReasonNotAMember:    "The user is no member of the key's organization.",
	apikey.ReasonUndecidable:   "Too little is known of the user to decide.",
}

func meaning(of map[string]string, reason string) string {
	if says, ok := of[reason]; ok {
		return says
	}
	return reason + "."
}
