package apidoc

import (
	"maps"
	"slices"
)

// refusals are reasons by status.
type refusals map[int][]string

// all joins refusals; a reason that stands in several of them is one.
func all(parts ...refusals) refusals {
	out := refusals{}
	for _, part := range parts {
		for status, reasons := range part {
			out[status] = append(out[status], reasons...)
		}
	}
	for status := range maps.Keys(out) {
		out[status] = slices.Compact(slices.Sorted(slices.Values(out[status])))
	}
	return out
}

// What whole kinds of calls refuse.
var (
	everybody = refusals{400: {"invalid_request"}, 422: {"invalid_request"}, 503: {"overloaded", "internal"}}

	withBody = refusals{408: {"invalid_request"}, 413: {"body_too_large"}, 415: {"unsupported_media_type"}}

	service = all(everybody, refusals{
		401: {"unknown"}, 403: {"insufficient_scope", "wrong_realm"}, 429: {"too_many_requests"},
		503: {"not_ready", "version_not_reached", "store_unavailable"},
	})

	// wholeUser are calls that a credential of some organizations may not make.
	wholeUser = all(service, refusals{403: {"wrong_organization"}})

	holder = all(everybody, refusals{
		401: {"unknown", "expired", "not_yet_valid", "revoked", "user_disabled", "user_deleted", "realm_disabled", "not_a_member"},
		403: {"wrong_organization", "wrong_realm"}, 429: {"too_many_requests"},
		503: {"not_ready", "version_not_reached", "undecidable"},
	})

	makesKey = all(wholeUser, withBody, refusals{
		403: {"not_a_member"}, 404: {"no_such_user"}, 409: {"user_disabled", "realm_disabled"}, 503: {"owner_unknown", "keys_cut_off"},
	})

	// deadToken are the reasons of internal/tokenstate for a token that is revoked or suspended.
	deadToken = []string{
		"session_ended", "session_absent", "session_restarted", "user_not_before", "realm_not_before", "client_not_before",
		"user_disabled", "realm_disabled", "client_disabled", "user_deleted", "realm_deleted", "client_deleted", "client_renamed",
		"offline_access_withdrawn", "client_without_offline_access", "refused", "grant_revoked", "revoked_by_order", "expired", "superseded",
	}

	// notExchanged are those of internal/keycloak for an exchange that Keycloak refuses.
	notExchanged = []string{"subject_refused", "exchange_not_enabled", "audience_not_available", "no_such_audience", "exchange_refused"}

	// refusedByKeycloak are those of internal/keycloak for a token that Keycloak refuses.
	refusedByKeycloak = []string{
		"session_gone", "client_session_gone", "expired", "reused", "older_than_session", "not_an_offline_token", "user_disabled",
		"no_offline_access", "no_consent", "invalid_organization", "realm_disabled", "invalid_token", "stale", "unknown_text",
	}

	// refusesUs are those for authapi's own client: somebody must mend it.
	refusesUs = []string{
		"client_mismatch", "issuer_mismatch", "proof_missing", "invalid_client", "unauthorized_client", "invalid_request", "unknown_error",
		"not_a_refusal",
	}

	keycloakAway = refusals{503: {"identity_provider_unavailable"}}
)
