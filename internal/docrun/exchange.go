package docrun

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// exchange is one call and what came.
type exchange struct {
	method, path string // path as it was sent, without the query
	body         []byte
	kind         string // the body's Content-Type
	status       int
	header       http.Header
	answer       []byte
}

// maxBody is more than any call or answer of a document has.
const maxBody = 1 << 20

// relay stands between the documents' commands and authapi and notes each exchange, so that commands need no options
// that only this test wants.
type relay struct {
	url    string
	server *http.Server
	mu     sync.Mutex
	noted  []exchange
}

func newRelay(target string) (*relay, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a port of our own, at once
	if err != nil {
		return nil, err
	}
	r := &relay{url: "http://" + l.Addr().String()}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }}
	r.server = &http.Server{ReadHeaderTimeout: blockLimit, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(io.LimitReader(req.Body, maxBody))
		if err != nil {
			http.Error(w, "the request did not come whole", http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		got := &tee{ResponseWriter: w}
		e := exchange{method: req.Method, path: req.URL.EscapedPath(), body: body, kind: req.Header.Get("Content-Type")}
		proxy.ServeHTTP(got, req)
		e.status, e.header, e.answer = got.status, w.Header().Clone(), got.body.Bytes()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.noted = append(r.noted, e)
	})}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func (r *relay) close() { _ = r.server.Close() }

// take gives what was noted since the last time.
func (r *relay) take() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.noted
	r.noted = nil
	return all
}

// tee keeps a copy of what is answered.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(p []byte) (int, error) {
	t.body.Write(p)
	return t.ResponseWriter.Write(p)
}

// shownHeaders are those of an answer that a reader needs.
var shownHeaders = []string{
	"Idempotent-Replayed", "Retry-After", "WWW-Authenticate",
	"X-Auth-Key-Id", "X-Auth-Key-Kind", "X-Auth-Org-Id", "X-Auth-Realm", "X-Auth-Reason", "X-Auth-User-Id", "X-Offline-Token-State",
}

// told is the answer as a document shows it, and its body alone; nil if it has none.
func (e exchange) told(x *examples) (text string, body any, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", e.status, http.StatusText(e.status))
	for _, name := range shownHeaders {
		if value := e.header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, x.header(name, value))
		}
	}
	if len(bytes.TrimSpace(e.answer)) == 0 {
		return strings.TrimSuffix(b.String(), "\n"), nil, nil
	}
	v, err := parse(e.answer)
	if err != nil {
		return "", nil, fmt.Errorf("the answer to %s %s is no JSON: %w", e.method, e.path, err)
	}
	body = x.of("", shortened(v)) // in this order: what is left out must take no example from what is shown later
	return b.String() + "\n" + render(body, ""), body, nil
}

// header replaces what differs from run to run in an answer's header.
func (x *examples) header(name, value string) string {
	if name == "X-Auth-Key-Id" {
		return x.keyID(value)
	}
	return x.text("user_id", value)
}

// maxShown is how many elements of a list are shown, and cut stands for the others.
const (
	maxShown = 3
	cut      = "…"
)

// shortened leaves the tails of long lists out.
func shortened(v any) any {
	switch v := v.(type) {
	case object:
		for i := range v {
			v[i].value = shortened(v[i].value)
		}
	case []any:
		if len(v) > maxShown {
			v = append(slices.Clone(v[:maxShown]), cut)
		}
		for i := range v {
			v[i] = shortened(v[i])
		}
		return v
	}
	return v
}
