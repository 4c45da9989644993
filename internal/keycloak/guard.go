package keycloak

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// shape is what the body of a good answer must be.
type shape byte

const (
	nothing shape = 0   // no body needed
	object  shape = '{' // a JSON object
	list    shape = '[' // a JSON array
)

const (
	maxObject = 1 << 20 // bytes
	maxList   = 8 << 20 // bytes
)

// answer is what one attempt of one call brought. It travels to the guard in
// the request's context, because gocloak gives neither headers nor typed errors.
type answer struct {
	name string
	want shape
	ours bool // see spec

	status int
	body   []byte
	start  time.Time         // before the request was made, by our clock
	at     time.Time         // the same moment by Keycloak's clock, or earlier; see ticket
	late   time.Duration     // … by so much at most
	fault  *UnavailableError // set if the answer is not to be believed
	sent   atomic.Bool
}

type answerKey struct{}

// guard is the transport under gocloak: it reads the whole body within a bound
// and lets nothing pass that is not surely Keycloak's answer.
type guard struct{ next http.RoundTripper }

var errStopped = errors.New("stopped by the guard") // never leaves this package

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	a, ok := req.Context().Value(answerKey{}).(*answer)
	if !ok {
		return nil, errors.New("keycloak: a request without its record")
	}
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		WroteHeaders: func() { a.sent.Store(true) },
	})
	resp, err := g.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		a.fault = &UnavailableError{Reason: "no answer", Cause: err, again: true}
		return nil, errStopped
	}
	defer func() { _ = resp.Body.Close() }()
	a.status = resp.StatusCode
	if a.fault = a.read(resp); a.fault != nil {
		return nil, errStopped
	}
	resp.Header.Del("Set-Cookie")
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	return resp, nil
}

// read takes the body and judges the answer as a whole.
func (a *answer) read(resp *http.Response) *UnavailableError {
	limit := int64(maxObject)
	if a.want == list || a.ours {
		limit = maxList
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch s := resp.StatusCode; {
	case a.ours && s == http.StatusServiceUnavailable && err == nil && int64(len(body)) <= limit && isJSON(resp, body, object):
		// A user store is away, or one row cannot be read: it concerns what was asked and nothing else.
	case s == http.StatusTooManyRequests || s >= 500:
		return &UnavailableError{Reason: "keycloak is not able to answer", RetryAfter: retryAfter(resp.Header), again: s >= 500}
	case s >= 300 && s < 400:
		return &UnavailableError{Reason: "redirected, which is not followed; check the keycloak url"}
	case err != nil:
		return &UnavailableError{Reason: "the answer broke off", Cause: err, again: true}
	case int64(len(body)) > limit:
		return &UnavailableError{Reason: "the answer is too large", Cause: ErrTooLarge}
	case resp.Header.Get("Age") != "":
		return &UnavailableError{Reason: "answered from a cache in between, so it may be old"}
	}
	a.body = body
	return a.checkBody(resp)
}

func (a *answer) checkBody(resp *http.Response) *UnavailableError {
	want, good := a.want, a.status < 300
	if !good {
		want = object // Keycloak's errors are JSON objects; another body is a proxy's
	}
	if want == nothing {
		return nil
	}
	if !isJSON(resp, a.body, want) {
		return &UnavailableError{Reason: "not keycloak's answer: no complete JSON of the expected shape", again: good}
	}
	return nil
}

func isJSON(resp *http.Response, body []byte, want shape) bool {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	return kind == "application/json" && len(trimmed) > 0 && trimmed[0] == byte(want) && validJSON(trimmed)
}

// retryAfter reads both forms of the header, bounded to an hour.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return min(time.Duration(min(n, 3600))*time.Second, time.Hour)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, min(time.Until(t), time.Hour))
	}
	return 0
}

// callersFault says whether our caller gave up, rather than Keycloak.
func callersFault(ctx context.Context) bool { return ctx.Err() != nil }
