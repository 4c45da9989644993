package authapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
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
	LoginURL string       `json:"login_url,omitempty"`
	RetryAt  *time.Time   `json:"retry_at,omitempty"`
	Errors   []fieldError `json:"errors,omitempty"`

	header http.Header
	silent bool // Keycloak did not answer
}

type fieldError struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
}

// problem makes one; slug is its type, reason the cause where it says more than the slug.
func problem(status int, slug, reason, detail string) *Problem {
	if reason == "" {
		reason = strings.ReplaceAll(slug, "-", "_")
	}
	return &Problem{
		Type: "urn:tokenstate:problem:" + slug, Title: http.StatusText(status), Status: status,
		Detail: detail, Reason: reason, Err: reason, header: http.Header{},
	}
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Reason) }

// GetStatus, ContentType and GetHeaders are what huma asks of an error.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders go out with the answer.
func (p *Problem) GetHeaders() http.Header { return p.header }

func (p *Problem) with(name, value string) *Problem {
	p.header.Set(name, value)
	return p
}

// retryIn says when to come back, in whole seconds, at least one.
func (p *Problem) retryIn(d time.Duration) *Problem {
	return p.with("Retry-After", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
}

// unauthorized carries the challenge of RFC 6750; without credentials it names no error.
func unauthorized(reason, detail string, presented bool) *Problem {
	challenge := `Bearer realm="tokenstate"`
	if presented {
		challenge += `, error="invalid_token"`
	}
	return problem(http.StatusUnauthorized, "unauthorized", reason, detail).with("WWW-Authenticate", challenge)
}

func unavailable(slug, detail string) *Problem {
	return problem(http.StatusServiceUnavailable, slug, "", detail).retryIn(2 * time.Second)
}

func overloaded() *Problem {
	return problem(http.StatusServiceUnavailable, "overloaded", "", "too much is asked at once: come back").retryIn(time.Second)
}

func (p *Problem) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone, then
}

// huma's own errors echo the value that failed, and for an unknown member the whole body. Only its
// constant words are taken over.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		p := problem(status, slugOf(status), "", detailOf(status))
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok { //nolint:errorlint // huma hands them over unwrapped
				p.Errors = append(p.Errors, field(d.ErrorDetail()))
			}
		}
		return p
	}
}

func field(d *huma.ErrorDetail) fieldError {
	if d.Message == "unexpected property" { // its location is what was sent
		return fieldError{Message: d.Message}
	}
	return fieldError{Location: d.Location, Message: d.Message}
}

func slugOf(status int) string {
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

func detailOf(status int) string {
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
