package apidoc

import "github.com/danielgtaylor/huma/v2"

const about = `Whether users' Keycloak offline tokens still work, without asking Keycloak, and API keys that outlive a logout.

Every answer has Tokenstate-Version (of which state it is) and Tokenstate-Age-Ms (since when Keycloak is known completely).
Every refusal is problem+json; its reason is stable and its detail says what to do. 401 and 403 are final; 429 and 503 say
Retry-After: come back, drop nothing.`

// Groups of calls.
const (
	tagKeys     = "API keys"
	tagTokens   = "offline tokens"
	tagDecide   = "decisions"
	tagUsers    = "users"
	tagLogout   = "logout"
	tagOperator = "for operators"
)

var tags = []*huma.Tag{
	{Name: tagDecide, Description: "Whose a key is, and whether keys and tokens are good."},
	{Name: tagTokens, Description: "Give tokens into custody or have yours tracked, and get access tokens."},
	{Name: tagKeys, Description: "Make, list, rotate and revoke API keys, and say who is a member of what."},
	{Name: tagLogout, Description: "End a session without ending automations, or with them."},
	{Name: tagUsers, Description: "What can proceed for a user, and the backend's own word on them."},
	{Name: tagOperator, Description: "How a verdict came about."},
}

// call is what is said of one operation.
type call struct {
	tag, words string
	refusals   refusals
}

var calls = map[string]call{
	"GET /api/service/health": {tagOperator, "For a backend that asks before it mints. Load balancers use /readyz on the admin port.", everybody},
	"GET /api/v1/users/me": {
		tagDecide, "200 also when the user's offline token is dead: a key outlives a logout. `?realm=` takes keys of that realm only.",
		holder,
	},
	"GET /v1/authorize":  {tagDecide, authorizeWords, authorizes},
	"HEAD /v1/authorize": {tagDecide, authorizeWords, authorizes},
	"POST /v1/authorize": {tagDecide, authorizeWords + " A body is not looked at.", authorizes},
	"POST /v1/decide": {
		tagDecide, "Scope `decide`. An item is an `api_key` alone, or a `user_id` with perhaps `client_id`, `session_id` and `issued_at`; the answers come in " +
			"the same order. With `observe` it is no use of a key.",
		all(wholeUser, withBody, refusals{503: {"undecidable"}}),
	},
	"POST /oauth2/introspect": {
		tagDecide, "Scope `introspect`. Whatever is no live key of the credential's realm is `active: false` with 200.",
		all(service, withBody, refusals{503: {"undecidable"}}),
	},
	"PUT /v1/offline-tokens": {
		tagTokens, "Scope `tokens:write`. With `refresh_token` alone the token is sealed: it is kept here, encrypted, and refreshed here, and nobody " +
			"else may go on refreshing it: with \"Revoke Refresh Token\" on, Keycloak would end the session. With `user_id`, " +
			"`client_id`, `session_id` and `issued_at` it stays with you and is tracked.",
		all(wholeUser, withBody, keycloakAway, refusals{
			409: {"narrower_token", "sealed_token"},
			422: {"not_an_offline_token", "foreign_token", "token_from_the_future", "inactive_token"},
		}),
	},
	"GET /v1/users/{user_id}/offline-tokens": {tagTokens, "Scope `decide`. The tokens themselves are never told.", wholeUser},
	"DELETE /v1/users/{id}/offline-tokens/{session_id}": {
		tagTokens, "Scope `tokens:write`. Keycloak is not told: the session there lives on.", all(wholeUser, refusals{404: {"no_offline_token"}}),
	},
	"POST /v1/users/{user_id}/access-token": {
		tagTokens, "Scope `tokens:use`, or a key of that user with the key scope `access-token`. A token that is known to be dead is 409 without a call " +
			"to Keycloak. With `audience` the access token is exchanged for one that is meant for that client (RFC 8693).",
		all(wholeUser, holder, withBody, keycloakAway, refusals{
			403: {"wrong_user", "insufficient_scope"}, 404: {"no_offline_token"},
			409: append(append([]string{}, deadToken...), notExchanged...), 503: refusesUs,
		}),
	},
	"POST /v1/refresh-outcomes": {
		tagTokens, "Scope `tokens:write`. For a backend that refreshes its own tokens: a refusal is evidence against the token, a success lifts an earlier refusal.",
		all(wholeUser, withBody),
	},
	"POST /api/service/users/{user_id}/orgs/{org_id}/api-keys": {
		tagKeys, "Scope `mint`. The same secret at each call, until the key is revoked or cut off, so that nobody need keep it.",
		all(makesKey, refusals{409: {"key_blocked"}, 503: {"master_missing"}}),
	},
	"DELETE /api/service/users/{user_id}/orgs/{org_id}/api-keys/{name}": {
		tagKeys, "Scope `mint`. The next mint gives another secret; with `block=true` there is none.", all(wholeUser, refusals{404: {"no_such_key"}}),
	},
	"POST /v1/users/{user_id}/api-keys": {
		tagKeys, "Scope `keys`. The secret is shown this once; with an Idempotency-Key the same request is answered alike for 24 hours.",
		all(makesKey, issuesSecret, refusals{409: {"too_many_keys"}}),
	},
	"GET /v1/users/{user_id}/api-keys": {tagKeys, "Scope `keys`. Dead keys stay listed with their reason; `system=true` lists system keys, too.", wholeUser},
	"DELETE /v1/users/{user_id}/api-keys/{id}": {
		tagKeys, "Scope `keys`. It may be repeated, and works while Keycloak and NATS are away.", all(wholeUser, refusals{404: {"no_such_key"}}),
	},
	"POST /v1/users/{user_id}/api-keys/{id}/rotate": {
		tagKeys, "Scope `keys`. Both secrets live until the overlap ends; revoking the new key ends the old one, too.",
		all(makesKey, issuesSecret, refusals{
			404: {"no_such_key"},
			409: {"system_key", "key_rotated", "revoked", "expired", "user_deleted", "too_many_keys"},
		}),
	},
	"PUT /v1/orgs/{org_id}/members/{user_id}": {
		tagKeys, "Scope `keys`. What AUTHAPI_ORG_CHECK=members goes by.", wholeUser,
	},
	"DELETE /v1/orgs/{org_id}/members/{user_id}": {
		tagKeys, "Scope `keys`.", all(wholeUser, refusals{404: {"no_such_member"}}),
	},
	"GET /v1/users/{user_id}/auth": {
		tagUsers, "Scope `decide`. For what runs in a user's name without them, such as a comment or a chat: what works, and the words to show.", findsUser,
	},
	"GET /v1/users": {
		tagUsers, "Scope `decide`. Keycloak alone knows who is linked to an identity, and is asked.",
		all(findsUser, keycloakAway, refusals{409: {"ambiguous_identity"}}),
	},
	"POST /v1/users/{user_id}/standing": {
		tagUsers, "Scope `standing`. The backend's own word: Keycloak's enable does not undo it, nor this one Keycloak's disable. Effective at the commit.",
		all(wholeUser, withBody, refusals{422: {"not_an_order"}}),
	},
	"POST /v1/users/{user_id}/revoke": {
		tagUsers, "Scope `standing`. For good; `revocation-worker pardon` takes it back. `reached` is 0 throughout for an id that nobody has.",
		all(wholeUser, withBody, refusals{422: {"not_an_order", "nothing_to_revoke"}}),
	},
	"POST /v1/logout": {
		tagLogout, "Scope `logout`. An offline token that is sent without `revoke_offline` is kept, and nothing ends. What is dead already is 200.",
		all(wholeUser, withBody, keycloakAway, refusals{
			409: append(append([]string{}, refusedByKeycloak...), refusesUs...),
			422: {"not_a_refresh_token", "foreign_token", "tracked_token", "not_an_offline_token", "token_from_the_future"},
		}),
	},
	"POST /v1/backchannel-logout": {
		tagLogout, "Keycloak calls this itself: set it as the client's backchannel logout URL. The signed token is the credential. 200 once the doubt is durable.",
		all(everybody, withBody, refusals{
			400: {"invalid_logout_token"}, 429: {"too_many_requests"},
			503: {"undecidable", "store_unavailable", "not_ready"},
		}),
	},
	"GET /v1/explain":  {tagOperator, "Scope `explain`. The conclusion first, then what led to it, newest first; one story is told at a time.", all(wholeUser, refusals{404: {"nothing_known"}})},
	"GET /v1/refusals": {tagOperator, "Scope `explain`. One of `request_id`, `key_id` and `user_id` is needed. Each replica knows its own.", wholeUser},
	"GET /v1/status":   {tagOperator, "Scope `explain`. What the console's first page says; it answers while the database is away, too, and is 503 `not_ready` with the reason while no answer may be relied on. For alerts scrape the metrics.", service},
	"POST /v1/users/by-email": {
		tagOperator, "Scope `explain`. The address stands in the body and is kept nowhere. Keycloak is asked, and not where it would ask a user store.",
		all(wholeUser, withBody, keycloakAway, refusals{409: {"user_store"}}),
	},
	"GET /v1/notices": {
		tagUsers, "Scope `notices`. A page of CloudEvents, oldest first, of the credential's realm; ask again with `next_after`. With `Accept: text/event-stream` they " +
			"come as they are written (Server-Sent Events), after `Last-Event-ID` or `after`, or else from now on; a stream ends after ten minutes, and its reader comes back.",
		wholeUser,
	},
	"GET /v1/events/{event_id}": {tagOperator, "Scope `explain`. By Keycloak's event id, or the `event_id` of an answer.", wholeUser},
}

const authorizeWords = "For gateways that ask before they let a request pass (nginx's auth_request, Traefik's forwardAuth). Every header of the answer is set or " +
	"cleared, so that a caller cannot bring their own."

var (
	authorizes   = all(holder, refusals{403: {"identity_not_sendable"}})
	issuesSecret = refusals{409: {"secret_not_derivable"}, 422: {"idempotency_key_reused"}}
	findsUser    = all(wholeUser, refusals{404: {"no_such_user"}, 503: {"undecidable"}})
)
