package page

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// advice is what support can say about a reason, and do about it.
type advice struct{ says, do string }

// login is what most dead tokens need.
const login = "The user logs in to the application again; it then has a new offline token."

var tokenAdvice = map[string]advice{
	tokenstate.ReasonSessionEnded:    {"The offline session was ended.", login},
	tokenstate.ReasonSessionAbsent:   {"Keycloak no longer lists the offline session.", login},
	tokenstate.ReasonSessionRestart:  {"The session was begun anew after this token.", login},
	tokenstate.ReasonUserNotBefore:   {"The user was logged out everywhere (not-before).", login},
	tokenstate.ReasonRealmNotBefore:  {"Everybody in the realm was logged out (not-before).", login},
	tokenstate.ReasonClientNotBefore: {"All tokens of this client were revoked (not-before).", login},
	tokenstate.ReasonUserDisabled:    {"The user is disabled.", "Enable the user in Keycloak, or by the backend's standing if that disabled them; the same token works again."},
	tokenstate.ReasonRealmDisabled:   {"The realm is disabled.", "Enable the realm in Keycloak."},
	tokenstate.ReasonClientDisabled:  {"The client is disabled.", "Enable the client in Keycloak."},
	tokenstate.ReasonUserDeleted:     {"The user was deleted.", "Nothing brings this back: the user needs a new account."},
	tokenstate.ReasonRealmDeleted:    {"The realm was deleted.", "Nothing brings this back."},
	tokenstate.ReasonClientDeleted:   {"The client was deleted.", "Make the client again, and have the user log in."},
	tokenstate.ReasonClientRenamed:   {"The client has another client_id now.", "Give the client its client_id back, or have the user log in again."},
	tokenstate.ReasonOfflineAccess:   {"The user has lost the role offline_access.", "Give the user the role offline_access in Keycloak."},
	tokenstate.ReasonClientOffline:   {"The client may not have offline tokens.", "Give the client the optional scope offline_access in Keycloak."},
	tokenstate.ReasonRefused:         {"Keycloak refused the last refresh.", "Wait for the next try, or see Keycloak's event REFRESH_TOKEN_ERROR of that time."},
	tokenstate.ReasonGrantRevoked:    {"The offline grant was revoked.", login},
	tokenstate.ReasonOrder:           {"An operator or the backend ordered it.", "See the order; if it was a mistake, pardon it (revocation-worker pardon), or have the user log in again."},
	tokenstate.ReasonExpired:         {"The token has expired.", login},
	tokenstate.ReasonSuperseded:      {"A newer token took its place.", "Use the newer token; this one is of no use."},
}

var keyAdvice = map[string]advice{
	apikey.ReasonExpired:       {"The key has expired.", "Make the user a new key."},
	apikey.ReasonNotYetValid:   {"The key is not valid yet.", "Wait until its time."},
	apikey.ReasonRevoked:       {"The key was revoked.", "Make the user a new key."},
	apikey.ReasonUserDisabled:  {"The user is disabled.", "Enable the user in Keycloak, or by the backend's standing if that disabled them; the same keys work again."},
	apikey.ReasonUserDeleted:   {"The user was deleted.", "Nothing brings the keys back: the user needs a new account."},
	apikey.ReasonRealmDisabled: {"The realm is disabled or deleted.", "Enable the realm in Keycloak."},
	apikey.ReasonNotAMember:    {"The user is no member of the key's organization.", "Make the user a member again."},
	apikey.ReasonUndecidable:   {"Too little is known of the user to decide.", "See whether a worker is active and Keycloak answers."},
}

func adviceOf(from map[string]advice, reason string) advice {
	if a, ok := from[reason]; ok {
		return a
	}
	return advice{says: reason + "."}
}
