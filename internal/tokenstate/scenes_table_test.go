package tokenstate_test

// scene is a row of keycloak.md and what each of its answers must lead to.
type scene struct {
	row     string
	answers []expected
}

// scenes says what each recorded scene must lead to, answer by answer; the remarks are Keycloak's.
var scenes = map[string]scene{
	"account-consent-nothing": {"C3", []expected{
		{verdict: "usable"}, // after a consent that was none, it: 200
	}},
	"account-consent": {"C3", []expected{
		{verdict: "revoked session_absent"}, // after the consent was withdrawn, app's: 400 Offline user session not found
		{verdict: "revoked session_absent"}, // after the consent was withdrawn, app's other: 400 Offline user session not found
		{verdict: "usable"},                 // after the consent was withdrawn, app2's: 200
	}},
	"account-delete": {"C6", []expected{
		{verdict: "revoked user_deleted"}, // after the account was deleted, it: 400 Offline user session not found
	}},
	"account-sign-out-all": {"C1", []expected{
		{verdict: "revoked session_ended"}, // after the sign-out, the caller's: 400 Offline user session not found
		{verdict: "revoked session_ended"}, // after the sign-out, another: 400 Offline user session not found
	}},
	"account-sign-out-one-with-both": {"C2", []expected{
		{verdict: "usable"},                // after the sign-out of one, the caller's: 200
		{verdict: "revoked session_ended"}, // after the sign-out of one, app's: 400 Offline user session not found
		{verdict: "revoked session_ended"}, // after the sign-out of one, app2's: 400 Offline user session not found
	}},
	"account-sign-out-one": {"C2", []expected{
		{verdict: "usable"},                // after the sign-out of one, the caller's: 200
		{verdict: "revoked session_ended"}, // after the sign-out of one, another: 400 Offline user session not found
	}},
	"account-sign-out-others": {"C1", []expected{
		{verdict: "usable"},                // after the sign-out of the others, the caller's: 200
		{verdict: "revoked session_ended"}, // after the sign-out of the others, another: 400 Offline user session not found
	}},
	"admin-consent-delete": {"U4", []expected{
		{verdict: "revoked session_absent"}, // after the consent was deleted, app's: 400 Offline user session not found
		{verdict: "revoked session_absent"}, // after the consent was deleted, app's other: 400 Offline user session not found
		{verdict: "usable"},                 // after the consent was deleted, app2's: 200
	}},
	"admin-session-delete-offline": {"U3", []expected{
		{verdict: "revoked session_ended"}, // after the offline session was deleted, app's: 400 Offline user session not found
		{verdict: "revoked session_ended"}, // after the offline session was deleted, app2's: 400 Offline user session not found
		{verdict: "usable"},                // after the offline session was deleted, another: 200
	}},
	"admin-session-delete-online": {"U2", []expected{
		{verdict: "usable"}, // after the online session was deleted, offline, same sid: 200
	}},
	"admin-user-logout": {"U1", []expected{
		{verdict: "revoked user_not_before"}, // after the logout, before: 400 Stale token
		{verdict: "usable"},                  // after the logout, same second or after: 200
	}},
	"again-after-consent": {"A7", []expected{
		{verdict: "revoked session_restarted", hidden: "the admin API does not show when a client session started"}, // by SSO after a pause, app's: 400 refresh token issued before the client session started
		{verdict: "usable"}, // by SSO after a pause, app2's: 200
		{verdict: "usable"}, // by SSO after a pause, app's again: 200
	}},
	"again-at-once": {"A7", []expected{
		{verdict: "usable"}, // by SSO at once: the old token lives again, it: 200
		{verdict: "usable"}, // by SSO at once: the old token lives again, again: 200
	}},
	"again-later": {"A7", []expected{
		{verdict: "revoked grant_revoked", hidden: "the admin API does not show when a client session started"}, // by SSO after a pause, app's: 400 refresh token issued before the client session started
		{verdict: "usable"}, // by SSO after a pause, app2's: 200
		{verdict: "usable"}, // by SSO after a pause, app's again: 200
	}},
	"again-whole-session": {"A7", []expected{
		{verdict: "revoked grant_revoked"}, // after the revocation, it: 400 Offline user session not found
		{verdict: "revoked grant_revoked"}, // by SSO, it: 400 Refresh token issued before the user session started
		{verdict: "usable"},                // by SSO, again: 200
	}},
	"browser-logout-first-offline": {"L2", []expected{
		{verdict: "usable"}, // after the logout, it: 200
	}},
	"browser-logout": {"L1", []expected{
		{verdict: "usable"}, // after the logout, offline, same sid: 200
	}},
	"client-deleted-made-anew": {"P7", []expected{
		{verdict: "revoked session_absent"}, // made anew under the same client_id, old: 400 Session doesn't have required client
		{verdict: "usable"},                 // made anew under the same client_id, new: 200
	}},
	"client-deleted": {"P7", []expected{
		{verdict: "revoked session_absent"}, // deleted, app's: 401 Invalid client or Invalid client credentials
		{verdict: "usable"},                 // deleted, app2's: 200
	}},
	"client-disabled-enabled": {"P6", []expected{
		{verdict: "suspended client_disabled"}, // disabled, app's: 401 Invalid client or Invalid client credentials
		{verdict: "usable"},                    // disabled, app2's: 200
		{verdict: "usable"},                    // enabled, app's: 200
		{verdict: "usable"},                    // enabled, app2's: 200
	}},
	"client-not-before": {"P4", []expected{
		{verdict: "suspended client_not_before"}, // raised, app's: 400 Stale token
		{verdict: "usable"},                      // raised, app2's: 200
		{verdict: "usable"},                      // lowered, app's: 200
		{verdict: "usable"},                      // lowered, app2's: 200
	}},
	"client-push-revocation": {"P5", []expected{
		{verdict: "usable"}, // after the push, it: 200
	}},
	"client-registration-deleted": {"P7", []expected{
		{verdict: "revoked session_absent"}, // deleted by its registration, it: 401 Invalid client or Invalid client credentials
		{verdict: "usable"},                 // deleted by its registration, app's: 200
	}},
	"client-registration-disabled": {"P6", []expected{
		{verdict: "suspended client_disabled"}, // disabled by its registration, it: 401 Invalid client or Invalid client credentials
		{verdict: "usable"},                    // enabled, it: 200
	}},
	"client-renamed-back": {"P17", []expected{
		{verdict: "suspended client_renamed"}, // renamed, app's: 401 Invalid client or Invalid client credentials
		{verdict: "usable"},                   // renamed back, app's: 200
	}},
	"consent-given-withdrawn": {"P10", []expected{
		{verdict: "usable"},                 // given, it: 200
		{verdict: "revoked session_absent"}, // withdrawn, it: 400 Offline user session not found
	}},
	"consent-required": {"P10", []expected{
		{verdict: "usable", invisible: "who has consented is in no look", doubt: true}, // required, it: 400 Client no longer has requested consent from user
		{verdict: "usable"}, // not any more, it: 200
	}},
	"consent-to-a-new-scope": {"P10", []expected{
		{verdict: "usable", invisible: "who has consented is in no look", doubt: true}, // the client has one scope more, it
		{verdict: "usable"}, // and has it no more, it
	}},
	"bearer-only": {"P18", []expected{
		{verdict: "suspended client_without_offline_access"}, // made bearer-only, it
		{verdict: "usable"}, // not any more, it
	}},
	"frontend-url": {"P19", []expected{
		{verdict: "usable", invisible: "Keycloak's own address is in no row", doubt: true}, // the realm has an address of its own, old
		{verdict: "usable"}, // the realm has an address of its own, new
		{verdict: "usable"}, // it has none any more, old
		{verdict: "usable", invisible: "Keycloak's own address is in no row", doubt: true}, // it has none any more, new
	}},
	"idle-of-client": {"E3", []expected{
		{verdict: "revoked session_absent"}, // idle for longer than the client allows, app's: 400 Session doesn't have required client
		{verdict: "usable"},                 // idle for longer than the client allows, app2's: 200
	}},
	"idle-of-realm-kept-alive": {"E1", []expected{
		{verdict: "usable"}, // refreshed now and then, it: 200
	}},
	"idle-of-realm-raised-again": {"E1", []expected{
		{verdict: "usable"}, // idle for longer than allowed, then allowed again, it: 200
	}},
	"idle-of-realm": {"E1", []expected{
		{verdict: "revoked session_absent"}, // idle for longer than allowed, it: 400 Offline user session not found
	}},
	"key-deleted": {"P12", []expected{
		{verdict: "usable", invisible: "keys are in no look"}, // deleted, it: 400 Invalid refresh token
	}},
	"key-disabled-enabled": {"P12", []expected{
		{verdict: "usable", invisible: "keys are in no look"}, // disabled, it: 400 Invalid refresh token
		{verdict: "usable"}, // enabled, it: 200
	}},
	"key-rotated": {"P11", []expected{
		{verdict: "usable"}, // the old keys are passive, it: 200
	}},
	"lockout-permanent": {"U9", []expected{
		{verdict: "suspended user_disabled"}, // locked out, it: 400 User disabled
		{verdict: "usable"},                  // enabled, it: 200
	}},
	"lockout-temporary": {"U9", []expected{
		{verdict: "usable"}, // locked out for a while, it: 200
	}},
	"login-browser": {"E7", []expected{
		{verdict: "usable"}, // after the login, it: 200
	}},
	"login-grant": {"E7", []expected{
		{verdict: "usable"}, // after the login, it: 200
	}},
	"logout-again": {"L5", []expected{
		{verdict: "revoked session_ended"}, // after both, it: 400 Offline user session not found
		{verdict: "usable"},                // after both, another session: 200
	}},
	"logout-offline": {"L4", []expected{
		{verdict: "revoked session_ended"}, // after the logout, app's: 400 Offline user session not found
		{verdict: "revoked session_ended"}, // after the logout, app2's: 400 Offline user session not found
		{verdict: "usable"},                // after the logout, another session: 200
	}},
	"logout-online": {"L3", []expected{
		{verdict: "usable"}, // after the logout, offline, same sid: 200
	}},
	"max-of-client": {"E3", []expected{
		{verdict: "usable", invisible: "lifespans shortened after the login: the admin API lists it"}, // older than the client allows, before the client's own: 400 Client session not active
		{verdict: "revoked session_absent"}, // older than the client allows, app's: 400 Token is not active
		{verdict: "usable"},                 // older than the client allows, app2's: 200
	}},
	"max-of-realm-lowered": {"E2", []expected{
		{verdict: "usable", invisible: "the admin API lists what the next refresh will end"}, // the maximum was lowered below its age, it: 400 Offline session not active
	}},
	"max-of-realm": {"E2", []expected{
		{verdict: "revoked session_absent"}, // older than allowed, it: 400 Token is not active
	}},
	"offline-role-deleted": {"U8", []expected{
		{verdict: "suspended offline_access_withdrawn"}, // the role was deleted, it: 400 Offline tokens not allowed for the user or client
		{verdict: "suspended offline_access_withdrawn"}, // made anew, and mapped to nobody, it: 400 Offline tokens not allowed for the user or client
		{verdict: "usable"},                             // one of the default roles again, it: 200
	}},
	"offline-role-of-composite": {"U8", []expected{
		{verdict: "suspended offline_access_withdrawn"}, // taken from the default roles, it: 400 Offline session invalid because offline access not granted anymore
		{verdict: "usable"},                             // given back, it: 200
	}},
	"offline-role-of-group": {"U8", []expected{
		{verdict: "usable"},                             // member, it: 200
		{verdict: "suspended offline_access_withdrawn"}, // left, it: 400 Offline session invalid because offline access not granted anymore
		{verdict: "usable"},                             // member again, it: 200
		{verdict: "suspended offline_access_withdrawn"}, // the group lost the role, it: 400 Offline session invalid because offline access not granted anymore
		{verdict: "usable"},                             // the group has it again, it: 200
		{verdict: "suspended offline_access_withdrawn"}, // the group was deleted, it: 400 Offline session invalid because offline access not granted anymore
	}},
	"offline-role-of-user": {"U8", []expected{
		{verdict: "suspended offline_access_withdrawn"}, // taken, it: 400 Offline session invalid because offline access not granted anymore
		{verdict: "usable"},                             // given back, it: 200
	}},
	"offline-scope-deleted": {"U10", []expected{
		{verdict: "suspended client_without_offline_access"}, // the client scope was deleted, it: 400 Offline session invalid because offline access not granted anymore
	}},
	"offline-scope-of-client": {"U10", []expected{
		{verdict: "suspended client_without_offline_access"}, // taken from the client, app's: 400 Offline session invalid because offline access not granted anymore
		{verdict: "usable"}, // taken from the client, app2's: 200
		{verdict: "usable"}, // given back, app's: 200
		{verdict: "usable"}, // given back, app2's: 200
	}},
	"organization-deleted": {"P16", []expected{
		{verdict: "revoked session_absent"}, // deleted, the member's: 400 Offline user session not found
		{verdict: "usable"},                 // deleted, somebody else's: 200
	}},
	"organization-disabled-enabled": {"P16", []expected{
		{verdict: "suspended user_disabled"}, // disabled, the member's: 400 User disabled
		{verdict: "usable"},                  // disabled, somebody else's: 200
		{verdict: "usable"},                  // enabled, the member's: 200
		{verdict: "usable"},                  // enabled, somebody else's: 200
	}},
	"organization-member-removed": {"P16", []expected{
		{verdict: "revoked session_absent"}, // removed: a managed member goes with it, the member's: 400 Offline user session not found
		{verdict: "usable"},                 // removed: a managed member goes with it, somebody else's: 200
	}},
	"organization-of-token": {"P16", []expected{
		{verdict: "usable", invisible: "a token's organisation is in no look"}, // disabled, for the organisation: 400 Invalid organization
		{verdict: "usable"}, // disabled, for nobody: 200
		{verdict: "usable"}, // enabled, for the organisation: 200
		{verdict: "usable"}, // enabled, for nobody: 200
		{verdict: "usable", invisible: "a token's organisation is in no look"}, // left, for the organisation: 400 Invalid organization
		{verdict: "usable"}, // left, for nobody: 200
		{verdict: "usable"}, // member again, for the organisation: 200
		{verdict: "usable"}, // member again, for nobody: 200
		{verdict: "usable", invisible: "a token's organisation is in no look"}, // deleted, for the organisation: 400 Invalid organization
		{verdict: "usable"}, // deleted, for nobody: 200
	}},
	"organizations-switched-off": {"P16", []expected{
		{verdict: "suspended user_disabled"}, // off, the member's: 400 User disabled
		{verdict: "usable"},                  // off, somebody else's: 200
		{verdict: "usable"},                  // on, the member's: 200
		{verdict: "usable"},                  // on, somebody else's: 200
	}},
	"password-only": {"C5", []expected{
		{verdict: "usable"}, // after the new password, this browser's: 200
		{verdict: "usable"}, // after the new password, another: 200
	}},
	"password-sign-out-others": {"C4", []expected{
		{verdict: "usable"},                // after the new password, this browser's: 200
		{verdict: "revoked session_ended"}, // after the new password, another: 400 Offline user session not found
	}},
	"provider-disabled": {"P13", []expected{
		{verdict: "usable"}, // disabled, the guest's: 200
	}},
	"provider-link-removed": {"P14", []expected{
		{verdict: "usable"}, // the link was removed, the guest's: 200
	}},
	"provider-removed": {"P13", []expected{
		{verdict: "usable", invisible: "the admin API lists what the next refresh will end"}, // removed, the guest's: 400 Offline session not active
		{verdict: "usable"},                 // removed, somebody else's: 200
		{verdict: "revoked session_absent"}, // after a refresh saw it, the guest's: 400 Offline user session not found
		{verdict: "usable"},                 // after a refresh saw it, somebody else's: 200
	}},
	"realm-deleted": {"P9", []expected{
		{verdict: "revoked realm_deleted"}, // deleted, an event of the administrators' realm, it: 404
	}},
	"realm-disabled-enabled": {"P8", []expected{
		{verdict: "suspended realm_disabled"}, // disabled, it: 403 Realm not enabled
		{verdict: "usable"},                   // enabled, it: 200
	}},
	"realm-logout-all": {"P3", []expected{
		{verdict: "revoked session_absent"}, // after logout-all, it: 400 Stale token
		{verdict: "revoked session_absent"}, // not-before lowered again, it: 400 Offline user session not found
	}},
	"realm-not-before": {"P1", []expected{
		{verdict: "suspended realm_not_before"}, // raised, it: 400 Stale token
		{verdict: "usable"},                     // raised, newer: 200
		{verdict: "usable"},                     // lowered, it: 200
		{verdict: "usable"},                     // lowered, newer: 200
	}},
	"realm-push-revocation": {"P2", []expected{
		{verdict: "usable"}, // after the push, it: 200
	}},
	"refresh": {"E6", []expected{
		{verdict: "usable"}, // after the refresh, old: 200
		{verdict: "usable"}, // after the refresh, new: 200
	}},
	"remember-me-off-and-on-unseen": {"P15", []expected{
		{verdict: "usable"}, // on again, and no refresh saw it, remembered: 200
	}},
	"remember-me-off": {"P15", []expected{
		{verdict: "usable"}, // on, remembered: 200
		{verdict: "usable"}, // on, other: 200
		{verdict: "usable", invisible: "the admin API lists what the next refresh will end"}, // off, remembered: 400 Offline session not active
		{verdict: "usable"},                 // off, other: 200
		{verdict: "revoked session_absent"}, // on again, after a refresh saw it, remembered: 400 Session doesn't have required client
		{verdict: "usable"},                 // on again, after a refresh saw it, other: 200
	}},
	"revoke-access": {"R3", []expected{
		{verdict: "usable"}, // after the revocation, it: 200
	}},
	"revoke-dead": {"R4", []expected{
		{verdict: "revoked session_ended"}, // after the revocation of the dead, it: 400 Offline user session not found
		{verdict: "usable"},                // after the revocation of the dead, another session: 200
	}},
	"revoke-offline": {"R1", []expected{
		{verdict: "revoked grant_revoked"}, // after the revocation, app's: 400 Session doesn't have required client
		{verdict: "usable"},                // after the revocation, app2's: 200
	}},
	"revoke-online": {"R2", []expected{
		{verdict: "usable"}, // after the revocation, offline, same sid: 200
	}},
	"rotation-off-again": {"E4", []expected{
		{verdict: "usable"}, // rotation was switched off before the old one was used, old: 200
		{verdict: "usable"}, // rotation was switched off before the old one was used, newest: 200
	}},
	"rotation-reuse": {"E4", []expected{
		{verdict: "revoked session_absent"}, // the old one was used again, old: 400 Session doesn't have required client
		{verdict: "revoked session_absent"}, // the old one was used again, newest: 400 Session doesn't have required client
	}},
	"rotation": {"E4", []expected{
		{verdict: "usable"}, // rotated, another session: 200
		{verdict: "usable"}, // rotated, newest: 200
	}},
	"upstream-logout-revokes-offline-alone": {"L6", []expected{
		{verdict: "revoked session_absent", unannounced: "an upstream logout without an online session fires nothing: the sweep finds it"}, // logged out upstream, without an online session: 400 Offline user session not found
	}},
	"upstream-logout-revokes-offline": {"L6", []expected{
		{verdict: "revoked session_ended"}, // logged out upstream, beside an online session: 400 Offline user session not found
	}},
	"upstream-logout": {"L7", []expected{
		{verdict: "usable"}, // logged out upstream, beside an online session: 200
	}},
	"user-credentials": {"U7", []expected{
		{verdict: "usable"}, // new password, e-mail and required action, credential removed, it: 200
	}},
	"user-deleted-imported-again": {"U6", []expected{
		{verdict: "revoked user_deleted"}, // imported under the same id, old: 400 Offline user session not found
		{verdict: "usable"},               // imported under the same id, new: 200
	}},
	"user-deleted": {"U6", []expected{
		{verdict: "revoked user_deleted"}, // deleted, it: 400 Offline user session not found
	}},
	"user-disabled-enabled": {"U5", []expected{
		{verdict: "suspended user_disabled"}, // disabled, it: 400 User disabled
		{verdict: "usable"},                  // enabled, it: 200
	}},
	"idle-of-client-restored-after-a-look": {"E3", []expected{
		{verdict: "usable"}, // app's
		{verdict: "usable"}, // app2's
	}},
	"idle-of-realm-restored-after-a-look":  {"E1", []expected{{verdict: "usable"}}},
	"idle-of-realm-shortened-and-restored": {"E1", []expected{{verdict: "usable"}}},
	"introspected":                         {"E8", []expected{{verdict: "usable"}}},
	"introspected-moves-no-idle-clock":     {"E8", []expected{{verdict: "revoked session_absent"}}},
	"max-of-client-restored-after-a-look": {"E3", []expected{
		{verdict: "usable"}, // app's
		{verdict: "usable"}, // app2's
	}},
	"offline-role-of-client-role": {"U8", []expected{
		{verdict: "usable"},                             // within a role of a client
		{verdict: "suspended offline_access_withdrawn"}, // taken from the client's role
		{verdict: "usable"},                             // given back
		{verdict: "suspended offline_access_withdrawn"}, // the client's role was deleted
	}},
	"refused-as-stale": {"E5", []expected{
		{verdict: "suspended realm_not_before"}, // refused as stale
		{verdict: "usable"},                     // lowered
	}},
	"refused-to-another-client": {"E5", []expected{{verdict: "usable"}}},
	"workflow-disables-user": {"A6", []expected{
		{verdict: "suspended user_disabled", unannounced: "a workflow's step fires nothing: the sweep finds it"}, // disabled by a workflow
		{verdict: "usable"}, // enabled
	}},
}
