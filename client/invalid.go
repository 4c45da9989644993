package client

import (
	"strings"
	"time"
)

// InvalidError says what is wrong with a call that was not sent, for authapi could only refuse it.
type InvalidError struct {
	// Detail says what to set, and repeats no value.
	Detail string
}

func (e *InvalidError) Error() string { return "tokenstate: not sent: " + e.Detail }

// need gives an error unless it is so. It is no *InvalidError in a nil pointer, which would not equal nil.
func need(so bool, detail string) error {
	if so {
		return nil
	}
	return &InvalidError{Detail: detail}
}

// firstOf is the first error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Bounds that authapi has on what is sent.
const (
	maxID        = 255
	maxName      = 100
	maxQuestions = 1000
	maxReason    = 255
	maxOverlap   = 30 * 24 * time.Hour
)

func isID(s string) bool { return s != "" && len(s) <= maxID && !strings.ContainsFunc(s, isControl) }

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }

func (q Question) validate() error {
	alone := Question{APIKey: q.APIKey}
	return firstOf(
		need(q.APIKey != "" || q.UserID != "", "a Question has an APIKey or a UserID"),
		need(q.APIKey == "" || q == alone, "a Question has its APIKey alone"),
		need(q.SessionID == "" || q.ClientID != "", "a Question with SessionID needs ClientID"),
		need(q.IssuedAt == 0 || q.SessionID != "", "a Question with IssuedAt needs SessionID"),
		need(q.IssuedAt >= 0, "IssuedAt is the token's iat, in seconds"),
	)
}

func validQuestions(all []Question) error {
	if err := need(len(all) > 0 && len(all) <= maxQuestions, "ask 1 to 1,000 questions at once"); err != nil {
		return err
	}
	for _, q := range all {
		if err := q.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (t TokenID) validate() error {
	return need(isID(t.UserID) && isID(t.ClientID) && isID(t.SessionID) && t.IssuedAt > 0,
		"a TokenID needs UserID (sub), ClientID (azp), SessionID (sid) and IssuedAt (iat) of the offline token")
}

func (o RefreshOutcome) validate() error {
	return firstOf(o.TokenID.validate(),
		need(o.Status >= 100 && o.Status <= 599, "Status is the HTTP status that Keycloak's token endpoint answered with"),
		need(o.ExpiresAt == nil && o.Scope == "" && o.Issuer == "", "an outcome has UserID, ClientID, SessionID and IssuedAt of its token alone"))
}

func (s Standing) validate() error { return validReason(s.Reason) }

func (r Revocation) validate() error {
	return firstOf(validReason(r.Reason), need(r.Tokens || r.Keys, "a Revocation ends Tokens, Keys or both"))
}

func validReason(reason string) error {
	return need(reason != "" && len(reason) <= maxReason, "say a Reason, of at most 255 bytes: it stands in the user's story for good")
}

func (k NewKey) validate() error {
	return firstOf(
		need(k.Name != "" && len(k.Name) <= maxName, "a key has a Name, of at most 100 bytes"),
		need(k.ExpiresAt == nil || k.NotBefore == nil || k.NotBefore.Before(*k.ExpiresAt), "NotBefore lies before ExpiresAt"))
}

func (r Rotation) validate() error {
	return need(r.Overlap == nil || *r.Overlap >= 0 && *r.Overlap <= maxOverlap, "Overlap is 0 to 30 days")
}

func (q RefusalQuestion) validate() error {
	return need(q.RequestID != "" || q.KeyID != "" || q.UserID != "", "a RefusalQuestion names a RequestID, a KeyID or a UserID")
}
