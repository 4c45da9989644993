package keycloak

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNotFound reports that Keycloak itself says the thing does not exist. Where
// absence is a fact about a user, client or realm, the look says Gone instead.
var ErrNotFound = errors.New("keycloak: not found")

// ErrTooLarge is the Cause when an answer exceeded its bound: ask for a smaller page.
var ErrTooLarge = errors.New("answer exceeds its bound")

// UnavailableError means that nothing was learnt: unknown, never dead. Transport
// faults, timeouts, 5xx, 429, redirects, answers that are not Keycloak's JSON,
// and 401 or 403 where our own rights are in question.
type UnavailableError struct {
	Call   string // which call, in words
	Reason string // why, in words; no URL and no value
	Status int    // HTTP status, 0 if there was none
	Code   string // the OAuth or admin error code, if the answer held one
	// RetryAfter is how long to leave Keycloak alone, 0 if it did not say.
	RetryAfter time.Duration
	// Sent says that the request may have reached Keycloak, so that a call that
	// writes (refresh, logout) may have had its effect. With rotation on, a
	// refresh that was Sent must not simply be repeated.
	Sent bool
	// Cause is a transport or context error, or ErrTooLarge; may be nil.
	Cause error

	ours  bool // our caller gave up: says nothing about Keycloak
	again bool // a call that only reads may be tried once more
}

func (u *UnavailableError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "keycloak %s: %s", u.Call, u.Reason)
	if u.Status != 0 {
		fmt.Fprintf(&b, " (status %d", u.Status)
		if u.Code != "" {
			fmt.Fprintf(&b, ", %s", u.Code)
		}
		b.WriteString(")")
	}
	if u.Cause != nil {
		fmt.Fprintf(&b, ": %v", u.Cause)
	}
	return b.String()
}

// Unwrap lets errors.Is see context.Canceled, context.DeadlineExceeded and ErrTooLarge.
func (u *UnavailableError) Unwrap() error { return u.Cause }

// tidy makes a text from an answer fit for an error or a log: one line, bounded.
func tidy(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
