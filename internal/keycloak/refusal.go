package keycloak

import (
	"fmt"
	"strings"
)

// Class says what a refused refresh means for the token that was refused.
type Class string

const (
	// ClassToken is about this token. Record a refusal of exactly it.
	ClassToken Class = "token"
	// ClassAmbiguous is about this token, but one of several cuts: record a refusal
	// of exactly it, and look at the user's, client's and realm's not-before.
	ClassAmbiguous Class = "ambiguous"
	// ClassUnknownText is invalid_grant with a text the table does not hold. A
	// refusal of exactly this token, no more.
	ClassUnknownText Class = "unknown_text"
	// ClassNotToken is about our request, our credential or our configuration. Record
	// nothing, raise an alarm, look at the client.
	ClassNotToken Class = "not_token"
)

// Records says whether a refusal of exactly this token is to be recorded.
func (c Class) Records() bool {
	return c == ClassToken || c == ClassAmbiguous || c == ClassUnknownText
}

// final says whether the session behind the token is surely over, as far as
// Keycloak goes. The other refusals leave a session that may work again: a
// disabled user, a lowered not-before, a signing key put back.
func final(reason string) bool {
	switch reason {
	case "session_gone", "client_session_gone", "expired", "reused", "older_than_session", "not_an_offline_token":
		return true
	}
	return false
}

// RefusedError is Keycloak's refusal of a refresh. It never means more than one
// token: not its session, not its user, not the user's keys.
type RefusedError struct {
	Status      int
	Code        string // error
	Description string // error_description: Keycloak's free text
	Class       Class
	Reason      string // our stable name of the cause, like "session_gone"
}

func (r *RefusedError) Error() string {
	return fmt.Sprintf("keycloak refused the refresh: %s %q (status %d, %s, %s)", r.Code, r.Description, r.Status, r.Class, r.Reason)
}

// Classify reads a refusal by the table of TableVersion. It is exported for
// refusals that others saw. A 429, a 5xx or an answer without an error code is
// no refusal; such a caller gets ClassNotToken, which records nothing.
func Classify(status int, code, description string) (class Class, reason string) {
	if status != 400 && status != 401 && status != 403 {
		return ClassNotToken, "not_a_refusal"
	}
	for _, r := range refusals {
		if r.code == code && r.matches(description) {
			return r.class, r.reason
		}
	}
	if code == invalidGrant && status == 400 {
		return ClassUnknownText, "unknown_text"
	}
	return ClassNotToken, "unknown_error"
}

func (r refusal) matches(description string) bool {
	switch r.match {
	case prefix:
		return strings.HasPrefix(description, r.text)
	case anyText:
		return true
	default:
		return description == r.text
	}
}
