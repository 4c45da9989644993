package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Client asks one authapi. It is safe for concurrent use.
type Client struct {
	url     *url.URL
	service string
	realm   string
	wait    time.Duration
	http    *http.Client
	newest  atomic.Int64 // version of the state that any answer came from
}

// Option of New.
type Option func(*Client)

// WithHTTPClient replaces the HTTP client, whose timeout is 10 s otherwise. Redirects are not
// followed in any case: a credential goes to no other address than the one that was configured.
func WithHTTPClient(c *http.Client) Option { return func(o *Client) { o.http = c } }

// WithServiceKey gives the service credential, without which only Me, Authorize and Middleware can be used.
func WithServiceKey(key string) Option { return func(o *Client) { o.service = key } }

// WithRealm takes API keys of that realm only: where authapi serves several, the same user id may be somebody else's in
// another one, and a key of it is unknown then. It is for Me, Authorize and Middleware; a service credential has a realm.
func WithRealm(realm string) Option { return func(o *Client) { o.realm = realm } }

// WithWait makes each call that writes wait so long, at most 5 s, until the answering replica enforces it.
func WithWait(d time.Duration) Option { return func(o *Client) { o.wait = min(max(d, 0), maxWait) } }

// maxWait is the longest that authapi waits.
const maxWait = 5 * time.Second

const serviceHeader = "X-Service-API-Key"

// defaultTimeout of one call.
const defaultTimeout = 10 * time.Second

// maxAnswer bounds what is read of an answer; a thousand verdicts are about 400 KB.
const maxAnswer = 8 << 20

// New makes a client of the authapi at an http or https address.
func New(address string, options ...Option) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("tokenstate: the address of authapi is not an http or https URL, such as https://authapi.example")
	}
	c := &Client{url: u, http: &http.Client{Timeout: defaultTimeout}}
	for _, o := range options {
		o(c)
	}
	own := *c.http
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	return c, nil
}

// Meta is how fresh an answer is.
type Meta struct {
	// Version of the state that the answer was given from. It rises with every change.
	Version int64
	// Age is how long ago Keycloak was known completely.
	Age time.Duration
}

// call sends one request. with sets its credential; body is a form if it is url.Values, else JSON; out may be nil, and
// is given the answer's headers if it is *http.Header.
func (c *Client) call(ctx context.Context, method, path string, with func(http.Header), body, out any) (Meta, error) {
	in, kind, err := encoded(body)
	if err != nil {
		return Meta{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url.String()+path, in)
	if err != nil || !direct(path) {
		return Meta{}, errPath
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	with(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return Meta{}, &UnreachableError{cause: err}
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return Meta{}, &UnreachableError{cause: err}
	}
	meta := metaOf(res.Header)
	c.seen(meta.Version)
	if res.StatusCode/100 != 2 {
		return meta, problemOf(res, raw)
	}
	if out == nil {
		return meta, nil
	}
	if headers, ok := out.(*http.Header); ok {
		*headers = res.Header
		return meta, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return meta, fmt.Errorf("tokenstate: the answer is not what authapi answers: is the address right? (%T)", err)
	}
	return meta, nil
}

var errNoServiceKey = errors.New("tokenstate: this call needs a service credential: make the Client with WithServiceKey")

// serve asks with the service credential.
func (c *Client) serve(ctx context.Context, method, path string, body, out any) (Meta, error) {
	if c.service == "" {
		return Meta{}, errNoServiceKey
	}
	return c.call(ctx, method, path, func(h http.Header) { h.Set(serviceHeader, c.service) }, body, out)
}

// write is serve for a call that changes something.
func (c *Client) write(ctx context.Context, method, path string, body, out any) error {
	_, err := c.serve(ctx, method, c.waiting(path), body, out)
	return err
}

func (c *Client) waiting(path string) string {
	if c.wait == 0 {
		return path
	}
	return withParameter(path, "wait_ms", strconv.FormatInt(c.wait.Milliseconds(), 10))
}

// pinned names the realm that keys must be of.
func (c *Client) pinned(path string) string {
	if c.realm == "" {
		return path
	}
	return withParameter(path, "realm", c.realm)
}

func withParameter(path, name, value string) string {
	joint := "?"
	if strings.Contains(path, "?") {
		joint = "&"
	}
	return path + joint + name + "=" + url.QueryEscape(value)
}

func bearer(apiKey string) func(http.Header) {
	return func(h http.Header) { h.Set("Authorization", "Bearer "+apiKey) }
}

// encoded is a body and its type; none for nil.
func encoded(body any) (in io.Reader, kind string, err error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return strings.NewReader(b.Encode()), "application/x-www-form-urlencoded", nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, "", fmt.Errorf("tokenstate: encode the request: %w", err)
	}
	return bytes.NewReader(raw), "application/json", nil
}

func metaOf(h http.Header) Meta {
	version, _ := strconv.ParseInt(h.Get("Tokenstate-Version"), 10, 64)
	age, _ := strconv.ParseInt(h.Get("Tokenstate-Age-Ms"), 10, 64)
	return Meta{Version: version, Age: time.Duration(age) * time.Millisecond}
}

// seen remembers the newest version: what was answered before it may not hold any more.
func (c *Client) seen(version int64) {
	for old := c.newest.Load(); version > old && !c.newest.CompareAndSwap(old, version); old = c.newest.Load() {
	}
}

var errPath = errors.New("tokenstate: an id is empty or cannot be part of a path")

// direct refuses a path that a proxy would tidy up into another one.
func direct(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// path escapes each part, so that an id cannot lead to another call.
func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
