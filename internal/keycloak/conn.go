package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/Nerzal/gocloak/v13"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/go-resty/resty/v2"
)

// conn is one guarded connection to Keycloak with its breaker.
type conn struct {
	cfg      Config
	g        *gocloak.GoCloak
	once     policies // calls that write: never repeated
	twice    policies // calls that only read
	breaker  circuitbreaker.CircuitBreaker[*answer]
	realmSeg string // cfg.Realm, escaped for a path
}

func newConn(cfg Config) (*conn, error) {
	cfg = cfg.normalised()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	// A client of our own: resty's default one keeps cookies, and those of one
	// user's call would travel with the next user's.
	r := resty.NewWithClient(&http.Client{Transport: guard{next: newRenamed(cfg)}})
	r.SetDisableWarn(true).SetLogger(quiet{log.New(io.Discard, "", 0)})
	g := gocloak.NewClient(cfg.BaseURL)
	g.SetRestyClient(r)
	c := &conn{cfg: cfg, g: g, breaker: newBreaker(cfg.BreakerDelay), realmSeg: url.PathEscape(cfg.Realm)}
	c.once, c.twice = newPolicies(c.breaker)
	return c, nil
}

// spec names a call and says what a good answer looks like.
type spec struct {
	name  string
	want  shape
	reads bool // changes nothing, so it may be tried twice
	waits bool // its outcome must not be lost: it is given six times as long
	ours  bool // of our own resource: an object that holds a list, and a 503 of its own is an answer
}

// do runs fn, which makes exactly one request with the context it is given, and
// returns what came back. An error is always *UnavailableError; a 4xx of Keycloak's
// own is an answer, for the caller to read.
func (c *conn) do(ctx context.Context, s spec, fn func(context.Context) error) (*answer, error) {
	p := c.once
	if s.reads {
		p = c.twice
	}
	a, err := p.run(ctx, func() (*answer, error) { return c.attempt(ctx, s, fn) })
	if err == nil {
		return a, nil
	}
	var u *UnavailableError
	switch {
	case errors.As(err, &u):
		return a, u
	case errors.Is(err, circuitbreaker.ErrOpen):
		return a, &UnavailableError{Call: s.name, Reason: "not asked: too many failures a moment ago", RetryAfter: c.breaker.RemainingDelay()}
	default: // the caller's context ended between two attempts
		return a, &UnavailableError{Call: s.name, Reason: "given up", Cause: ctx.Err(), ours: true}
	}
}

func (c *conn) attempt(parent context.Context, s spec, fn func(context.Context) error) (*answer, error) {
	limit := c.cfg.Timeout
	if s.waits {
		limit *= 6
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()
	a := &answer{name: s.name, want: s.want, ours: s.ours, start: time.Now()}
	err := fn(context.WithValue(ctx, answerKey{}, a))
	u := a.fault
	switch {
	case u != nil:
	case a.status == 0:
		u = &UnavailableError{Reason: "the request could not be made"}
	case err != nil && a.status < 300:
		// gocloak could not read it. Its error quotes the answer: leave it out.
		u = &UnavailableError{Reason: "the answer has members of an unexpected type"}
	default:
		return a, nil
	}
	u.Call, u.Status, u.Sent, u.ours = s.name, a.status, a.sent.Load(), callersFault(parent)
	if u.Cause != nil && ctx.Err() != nil {
		u.Cause = ctx.Err() // "deadline exceeded", whichever layer noticed it
	}
	return a, u
}

// rejected turns a 4xx into an error: ErrNotFound only for Keycloak's own 404,
// anything else means that our request or our rights are at fault, so: unknown.
func (a *answer) rejected() error {
	switch {
	case a.status < 300:
		return nil
	case a.status == http.StatusNotFound:
		return ErrNotFound
	}
	return a.unknown("our request was rejected; check the client's credentials and view roles")
}

func (a *answer) unknown(reason string) *UnavailableError {
	code, _ := a.oauthError()
	return &UnavailableError{Call: a.name, Reason: reason, Status: a.status, Code: code, Sent: true}
}

// oauthError reads error and error_description, tidied; empty if absent.
func (a *answer) oauthError() (code, description string) {
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return "", ""
	}
	return tidy(e.Error, 64), tidy(e.Description, 256)
}

func validJSON(b []byte) bool { return json.Valid(b) }

// quiet silences resty, which would otherwise print to stderr.
type quiet struct{ *log.Logger }

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
