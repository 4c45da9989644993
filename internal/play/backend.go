package play

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// Backend is an application's backend, with its service credential.
type Backend struct {
	url, key string
	client   *http.Client
}

// BackendOf uses the authapi of an environment.
func BackendOf(e devstack.Env) *Backend {
	return &Backend{
		e.AuthapiURL, e.AuthapiServiceKey,
		&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// Answer is what authapi answered, whatever the status.
type Answer struct {
	Status int
	Body   map[string]any
	Took   time.Duration
}

// Text is a member of the answer, of members within members by dots, of lists by number.
func (a Answer) Text(path string) string {
	var v any = a.Body
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(in) {
				return ""
			}
			v = in[n]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// Call asks as the backend, or with apiKey as a user's automation.
func (b *Backend) Call(ctx context.Context, method, path, apiKey string, body any) (Answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	if body == nil {
		raw = nil
	}
	return b.send(ctx, method, path, apiKey, "application/json", raw)
}

// Form posts a form as the backend.
func (b *Backend) Form(ctx context.Context, path string, form url.Values) (Answer, error) {
	return b.send(ctx, http.MethodPost, path, "", "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func (b *Backend) send(ctx context.Context, method, path, apiKey, kind string, raw []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, bytes.NewReader(raw))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", kind)
	if apiKey == "" {
		req.Header.Set("X-Service-API-Key", b.key)
	} else {
		req.Header.Set("Authorization", "Bearer "+apiKey)
	}
	began := time.Now()
	status, text, err := do(b.client, req)
	a := Answer{Status: status, Took: time.Since(began)}
	if err != nil || len(text) == 0 {
		return a, err
	}
	return a, json.Unmarshal(text, &a.Body)
}

// As is the same authapi with another service credential.
func (b *Backend) As(key string) *Backend { return &Backend{b.url, key, b.client} }

// Store gives an offline token to authapi.
func (b *Backend) Store(ctx context.Context, t Tokens) (Answer, error) {
	return b.Call(ctx, http.MethodPut, "/v1/offline-tokens?wait_ms=5000", "", map[string]any{"refresh_token": t.Refresh})
}

// Mint gets a user's system key.
func (b *Backend) Mint(ctx context.Context, user, org, name string) (Answer, error) {
	return b.Call(ctx, http.MethodPost, "/api/service/users/"+user+"/orgs/"+org+"/api-keys?wait_ms=5000", "", map[string]any{"name": name})
}

// Me asks who the key's holder is.
func (b *Backend) Me(ctx context.Context, key string) (Answer, error) {
	return b.Call(ctx, http.MethodGet, "/api/v1/users/me", key, nil)
}

// Access asks for an access token of a user.
func (b *Backend) Access(ctx context.Context, user string) (Answer, error) {
	return b.Call(ctx, http.MethodPost, "/v1/users/"+user+"/access-token", "", map[string]any{})
}

// Verdict is what authapi says of one token.
type Verdict struct {
	State     string     `json:"state"`
	Reason    string     `json:"reason"`
	Since     *time.Time `json:"since"`
	EventID   string     `json:"event_id"`
	CheckedAt *time.Time `json:"checked_at"`
	InDoubt   bool       `json:"in_doubt"`
}

// Question names a token that is stored or tracked.
type Question struct {
	User     string `json:"user_id"`
	Client   string `json:"client_id,omitempty"`
	Session  string `json:"session_id,omitempty"`
	IssuedAt int64  `json:"issued_at,omitempty"`
}

// Decide asks about many tokens at once; at most 1,000.
func (b *Backend) Decide(ctx context.Context, qs []Question) ([]Verdict, error) {
	a, err := b.Call(ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": qs})
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, fmt.Errorf("authapi answers %d to /v1/decide: %v", a.Status, a.Body)
	}
	raw, err := json.Marshal(a.Body["items"])
	if err != nil {
		return nil, err
	}
	var vs []Verdict
	if err := json.Unmarshal(raw, &vs); err != nil || len(vs) != len(qs) {
		return nil, fmt.Errorf("%d verdicts for %d questions: %w", len(vs), len(qs), err)
	}
	return vs, nil
}

// Pause waits for a time that is part of a story, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	_ = pause.For(ctx, d)
}

func do(c *http.Client, req *http.Request) (int, []byte, error) {
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return res.StatusCode, raw, err
}
