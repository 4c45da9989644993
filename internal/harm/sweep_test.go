//go:build harm

package harm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// errNoResource: this jar has none, so there is nothing to measure.
var errNoResource = errors.New("this listener has no resource /realms/master/tokenstate")

// pageSize is that of the worker's sweep.
const pageSize = 100

// sweeping repeats the passes of a sweep, each by itself, as long as tokens are ended. A pass that
// fails ends them all: what was not read was not measured.
func sweeping(passes ...func(context.Context) error) (over func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	errs := make([]error, len(passes))
	var wg sync.WaitGroup
	for i, pass := range passes {
		wg.Go(func() {
			for ctx.Err() == nil && errs[i] == nil {
				errs[i] = pass(ctx)
			}
			if ctx.Err() != nil {
				errs[i] = nil // it was interrupted by the end
			}
		})
	}
	return func() error {
		cancel()
		wg.Wait()
		return errors.Join(errs...)
	}
}

// looking gives the users whose tokens are being ended to look, and waits a moment if there are none.
func (r *side) looking(look func(ctx context.Context, user string) error) func(context.Context) error {
	return func(ctx context.Context) error {
		r.mu.Lock()
		users := make([]string, 0, len(r.now))
		for id := range r.now {
			users = append(users, id)
		}
		r.mu.Unlock()
		if len(users) == 0 {
			play.Pause(ctx, time.Millisecond)
		}
		for _, id := range users {
			if err := look(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}
}

// sweepByREST reads what the worker reads of a Keycloak without the jar, with the worker's own code and client.
func sweepByREST(w *world) (over func() error, err error) {
	e := w.stack.Env
	a, err := keycloak.NewAdmin(keycloak.Config{BaseURL: e.KeycloakURL, ClientID: e.WorkerClientID, ClientSecret: secret.New(e.WorkerClientSecret), Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	realm, client := w.with.Realm, w.with.app
	return sweeping(
		w.with.looking(func(ctx context.Context, user string) error {
			_, err := a.LookUser(ctx, realm, user, []string{client})
			return err
		}),
		func(ctx context.Context) error {
			for first := 0; ; first += pageSize {
				page, err := a.ClientSessions(ctx, realm, client, first, pageSize)
				if err != nil || len(page.Sessions) < pageSize {
					return err
				}
			}
		},
		func(ctx context.Context) error {
			for first := 0; ; first += pageSize {
				page, err := a.Users(ctx, realm, first, pageSize, false)
				if err != nil || len(page.Users) < pageSize {
					return err
				}
			}
		},
	), nil
}

// resource is the jar's own, asked by a client whose service account may.
type resource struct {
	base, realm, client string
	token               func(context.Context) (string, error)
	http                *http.Client
}

// sweepByResource reads the same from the jar's resource, if there is one.
func sweepByResource(w *world) (over func() error, err error) {
	res, err := w.resource()
	if err != nil {
		return nil, err
	}
	return sweeping(
		w.with.looking(func(ctx context.Context, user string) error {
			return res.ask(ctx, http.MethodPost, "look", map[string]any{"realm": res.realm, "user": user}, nil)
		}),
		res.pages("sessions", "&client="+res.client),
		res.pages("users", ""),
	), nil
}

// pages reads a listing to its end.
func (c *resource) pages(listing, more string) func(context.Context) error {
	return func(ctx context.Context) error {
		for after := ""; ; {
			path := fmt.Sprintf("%s?realm=%s&limit=%d%s", listing, c.realm, pageSize, more)
			if after != "" {
				path += "&after=" + url.QueryEscape(after)
			}
			var page struct{ Next *string }
			if err := c.ask(ctx, http.MethodGet, path, nil, &page); err != nil || page.Next == nil {
				return err
			}
			after = *page.Next
		}
	}
}

// resource is ready to ask with the worker's client, whose service account devstack gives the role.
func (w *world) resource() (*resource, error) {
	e := w.stack.Env
	c := &resource{
		base: e.KeycloakURL + "/realms/master/tokenstate/v1/", realm: w.with.Realm, client: w.with.app,
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	var mu sync.Mutex
	var token string
	var until time.Time
	c.token = func(ctx context.Context) (_ string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().After(until) {
			token, err = serviceToken(ctx, e)
			until = time.Now().Add(20 * time.Second)
		}
		return token, err
	}
	err := c.ask(w.ctx, http.MethodGet, "about", nil, nil)
	if status, ok := errors.AsType[*devstack.StatusError](err); ok && status.Code == http.StatusNotFound {
		return nil, errNoResource
	}
	return c, err
}

func serviceToken(ctx context.Context, e devstack.Env) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {e.WorkerClientID}, "client_secret": {e.WorkerClientSecret}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.KeycloakURL+"/realms/master/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var out struct {
		AccessToken string `json:"access_token"`
	}
	err = fetch(http.DefaultClient, req, &out)
	return out.AccessToken, err
}

func (c *resource) ask(ctx context.Context, method, path string, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return fetch(c.http, req, out)
}

// fetch decodes a 200 into out; any other answer is a *devstack.StatusError.
func fetch(c *http.Client, req *http.Request, out any) error {
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(http.MaxBytesReader(nil, res.Body, 16<<20)); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return &devstack.StatusError{Code: res.StatusCode, What: fmt.Sprintf("%s %s: %.200s", req.Method, req.URL.Path, text.String())}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text.Bytes(), out)
}

// middle is the median.
func middle(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
