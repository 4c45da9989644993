// Package problem is how authapi refuses: an RFC 9457 answer with a stable reason and what to do. It knows HTTP and
// nothing of what is decided.
package problem

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is an RFC 9457 answer. It never repeats a value that was sent: on this API that
// would be a secret.
type Problem struct {
	Type   string `json:"type" doc:"urn:tokenstate:problem:<slug>"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"what happened and what to do"`
	Reason string `json:"reason" doc:"stable name of the cause, with underscores"`
	// Err is the same as Reason, for clients that only know a member called error.
	Err      string       `json:"error"`
	Since    *time.Time   `json:"since,omitempty"`
	EventID  string       `json:"event_id,omitempty"`
	KeyID    string       `json:"key_id,omitempty" doc:"of the key that was refused, once its secret has matched"`
	LoginURL string       `json:"login_url,omitempty"`
	RetryAt  *time.Time   `json:"retry_at,omitempty"`
	Errors   []FieldError `json:"errors,omitempty"`

	Silent bool `json:"-"` // Keycloak did not answer
	header http.Header
}

// FieldError says which member of a request is not as it should be.
type FieldError struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
}

// New makes one; slug is its type, reason the cause where it says more than the slug.
func New(status int, slug, reason, detail string) *Problem {
	if reason == "" {
		reason = strings.ReplaceAll(slug, "-", "_")
	}
	return &Problem{
		Type: "urn:tokenstate:problem:" + slug, Title: http.StatusText(status), Status: status,
		Detail: detail, Reason: reason, Err: reason, header: http.Header{},
	}
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Reason) }

// GetStatus is what huma asks of an error, like ContentType and GetHeaders.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders go out with the answer.
func (p *Problem) GetHeaders() http.Header { return p.header }

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	p.header.Set(name, value)
	return p
}

// RetryIn says when to come back, in whole seconds, at least one.
func (p *Problem) RetryIn(d time.Duration) *Problem {
	return p.With("Retry-After", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
}

// Unauthorized carries the challenge of RFC 6750; without credentials it names no error.
func Unauthorized(reason, detail string, presented bool) *Problem {
	challenge := `Bearer realm="tokenstate"`
	if presented {
		challenge += `, error="invalid_token"`
	}
	return New(http.StatusUnauthorized, "unauthorized", reason, detail).With("WWW-Authenticate", challenge)
}

// Unavailable is for what cannot be decided or done now, which says nothing about a credential.
func Unavailable(slug, detail string) *Problem {
	return New(http.StatusServiceUnavailable, slug, "", detail).RetryIn(2 * time.Second)
}

// Overloaded tells a caller to come back.
func Overloaded() *Problem {
	return New(http.StatusServiceUnavailable, "overloaded", "", "too much is asked at once: come back").RetryIn(time.Second)
}

// Write answers with it.
func (p *Problem) Write(w http.ResponseWriter) {
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone, then
}

// SlugOf is the type of a problem that a status alone says.
func SlugOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not-found"
	case http.StatusMethodNotAllowed:
		return "method-not-allowed"
	case http.StatusRequestEntityTooLarge:
		return "body-too-large"
	case http.StatusUnsupportedMediaType:
		return "unsupported-media-type"
	case http.StatusInternalServerError:
		return "internal"
	default:
		return "invalid-request"
	}
}

// DetailOf says in words what SlugOf names.
func DetailOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "there is no such path: see /openapi.json"
	case http.StatusMethodNotAllowed:
		return "this path does not know the method: see /openapi.json"
	case http.StatusRequestEntityTooLarge:
		return "the body is larger than this call takes"
	case http.StatusUnsupportedMediaType:
		return "the body is of a type that this call does not take: see /openapi.json"
	case http.StatusInternalServerError:
		return "this is our fault; the log tells more under the answer's X-Request-Id"
	default:
		return "the request is not as /openapi.json describes it; errors says where"
	}
}

// Unprocessable is for a request that can be read and is not acceptable.
func Unprocessable(slug, detail string) *Problem {
	return New(http.StatusUnprocessableEntity, slug, "", detail)
}

// TooMany tells a caller to wait.
func TooMany(wait time.Duration, detail string) *Problem {
	return New(http.StatusTooManyRequests, "too-many-requests", "", detail).RetryIn(wait)
}

// SecretForID is for a request that holds a secret where ids and names are stored and logged.
func SecretForID() *Problem {
	return Unprocessable("invalid-request", "a key or a token stands where an id or a name belongs")
}
