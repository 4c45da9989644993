package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Problem is what authapi answered instead of what was asked for (RFC 9457). It holds no secret.
type Problem struct {
	Status int
	// Slug names the kind of problem, such as offline-token-revoked.
	Slug string
	// Reason is its cause, such as session_ended. It is stable; Detail is for people.
	Reason, Detail string
	// Since and EventID are when and by what it came about, if that is known.
	Since   time.Time
	EventID string
	// KeyID is the refused API key's, once its secret has matched. It is no secret: log it.
	KeyID string
	// LoginURL is where the user gets a new offline token.
	LoginURL string
	// RetryAt is when trying again may help; zero if only an act of somebody does.
	RetryAt time.Time
	// Meta says how fresh the knowledge is that the answer was given from.
	Meta Meta
}

func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tokenstate: %s (%d)", cmp.Or(p.Slug, strings.ToLower(http.StatusText(p.Status))), p.Status)
	if p.Reason != "" && p.Reason != strings.ReplaceAll(p.Slug, "-", "_") {
		fmt.Fprintf(&b, ": %s", p.Reason)
	}
	if !p.Since.IsZero() {
		fmt.Fprintf(&b, " since %s", p.Since.UTC().Format(time.RFC3339))
	}
	if p.Detail != "" {
		fmt.Fprintf(&b, ": %s", p.Detail)
	}
	return b.String()
}

// Sentinels for errors.Is. Each stands for every Problem with what it has set.
var (
	// ErrUnauthorized: the API key or the service credential is not valid; Reason says why.
	ErrUnauthorized = &Problem{Status: http.StatusUnauthorized}
	// ErrForbidden: it is valid, and may not do this.
	ErrForbidden = &Problem{Status: http.StatusForbidden}
	// ErrTokenRevoked: the user's offline token is dead. The user must log in again.
	ErrTokenRevoked = &Problem{Slug: "offline-token-revoked"}
	// ErrTokenSuspended: Keycloak would refuse it now; it may work again.
	ErrTokenSuspended = &Problem{Slug: "offline-token-suspended"}
	// ErrNoToken: none of the user is stored.
	ErrNoToken = &Problem{Slug: "no-offline-token"}
	// ErrUnavailable: nothing was decided. Try again; drop nothing.
	ErrUnavailable = &Problem{Status: http.StatusServiceUnavailable}
)

// Is compares what target has set, so that errors.Is(err, ErrTokenRevoked) holds whatever the reason.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && (t.Status == 0 || t.Status == p.Status) && (t.Slug == "" || t.Slug == p.Slug) && (t.Reason == "" || t.Reason == p.Reason)
}

// Temporary says that the same call may succeed later without anybody doing anything.
func (p *Problem) Temporary() bool {
	return p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests
}

// UnreachableError says that no answer of authapi came. It is ErrUnavailable: nothing was decided.
type UnreachableError struct{ cause error }

// Error leaves out what was asked: its path holds ids.
func (e *UnreachableError) Error() string {
	cause := e.cause
	if asked, ok := errors.AsType[*url.Error](cause); ok {
		cause = asked.Err
	}
	return "tokenstate: authapi does not answer: " + cause.Error()
}

// Unwrap gives what the network said.
func (e *UnreachableError) Unwrap() error { return e.cause }

// Is makes it ErrUnavailable.
func (*UnreachableError) Is(target error) bool { return target == error(ErrUnavailable) }

const problemType = "urn:tokenstate:problem:"

// problemOf reads an answer that is no success. Whatever stands between may answer, too, so that
// it need not be a Problem of authapi at all; then its text is not repeated.
func problemOf(res *http.Response, raw []byte) *Problem {
	var body struct {
		Type     string     `json:"type"`
		Detail   string     `json:"detail"`
		Reason   string     `json:"reason"`
		EventID  string     `json:"event_id"`
		KeyID    string     `json:"key_id"`
		LoginURL string     `json:"login_url"`
		Since    *time.Time `json:"since"`
		RetryAt  *time.Time `json:"retry_at"`
	}
	p := &Problem{Status: res.StatusCode, Slug: "unexpected-answer", Meta: metaOf(res.Header)}
	if json.Unmarshal(raw, &body) == nil && strings.HasPrefix(body.Type, problemType) {
		p.Slug = strings.TrimPrefix(body.Type, problemType)
		p.Reason, p.Detail, p.EventID, p.KeyID, p.LoginURL = body.Reason, body.Detail, body.EventID, body.KeyID, body.LoginURL
		if body.Since != nil {
			p.Since = *body.Since
		}
		if body.RetryAt != nil {
			p.RetryAt = *body.RetryAt
		}
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); p.RetryAt.IsZero() && err == nil && s >= 0 {
		p.RetryAt = time.Now().Add(time.Duration(s) * time.Second)
	}
	return p
}
