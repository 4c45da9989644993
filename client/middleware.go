package client

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type identityKey struct{}

// IdentityFrom gives whose API key a request carried, within a handler behind Middleware.
func IdentityFrom(ctx context.Context) (*Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(*Identity)
	return id, ok
}

// Middleware lets requests with a valid API key pass to next, which finds the Identity in the
// request's context. The key is looked for as authapi does: Authorization: Bearer, else
// X-Session-API-Key, else X-Access-Token; the first header present decides. A key that is not
// valid is 401 with the reason, one of another organization than X-Org-Id says is 403. What cannot
// be decided is 503, never 401: clients drop their keys upon a 401.
//
// An answer that a key is valid is used again for at most 20 s, and no longer once any answer to
// this Client showed that the state has changed since. That a key is not valid is never kept.
func (c *Client) Middleware(next http.Handler) http.Handler {
	m := &guard{c: c, known: newCache()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := m.identify(r)
		if err != nil {
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, id)))
	})
}

type guard struct {
	c     *Client
	known *cache
}

func (m *guard) identify(r *http.Request) (*Identity, error) {
	key, bad := presented(r.Header)
	if bad != nil {
		return nil, bad
	}
	org := r.Header.Get("X-Org-Id")
	if len(r.Header.Values("X-Org-Id")) > 1 || org != "" && !plain(org) {
		return nil, &Problem{Status: http.StatusForbidden, Slug: "wrong-organization", Reason: "wrong_organization", Detail: "send one X-Org-Id"}
	}
	seat := seatOf(key, org)
	if id, ok := m.known.get(seat, m.c.newest.Load(), time.Now()); ok {
		return id, nil
	}
	id, err := m.c.me(r.Context(), key, org)
	if err != nil {
		return nil, err
	}
	m.known.put(seat, id, time.Now())
	return id, nil
}

// maxKey is the longest text that can be a key.
const maxKey = 256

func presented(h http.Header) (string, *Problem) {
	for _, name := range []string{"Authorization", "X-Session-API-Key", "X-Access-Token"} {
		values := h.Values(name)
		if len(values) == 0 {
			continue
		}
		key := values[0]
		if name == "Authorization" {
			const scheme = "bearer "
			if len(key) < len(scheme) || !strings.EqualFold(key[:len(scheme)], scheme) {
				return "", unknown("send an API key as Authorization: Bearer <key>")
			}
			key = key[len(scheme):]
		}
		if len(values) > 1 || len(key) > maxKey || !plain(key) {
			return "", unknown("the API key is not valid")
		}
		return key, nil
	}
	return "", unknown("send an API key as Authorization: Bearer <key>")
}

// plain is what a header can carry on to authapi.
func plain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func unknown(detail string) *Problem {
	return &Problem{Status: http.StatusUnauthorized, Slug: "unauthorized", Reason: "unknown", Detail: detail}
}

// refuse answers 401, 403 and 429 as authapi did, and everything else with 503.
func refuse(w http.ResponseWriter, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{}
	}
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="tokenstate"`)
	case http.StatusForbidden:
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", retryAfter(p.RetryAt))
	default:
		w.Header().Set("Retry-After", retryAfter(p.RetryAt))
		p = &Problem{Status: http.StatusServiceUnavailable, Slug: "undecidable", Reason: "undecidable", Detail: "whether the key is valid cannot be decided now: try again, do not drop the key"}
	}
	body := map[string]any{
		"type": problemType + p.Slug, "title": http.StatusText(p.Status), "status": p.Status,
		"detail": p.Detail, "reason": p.Reason, "error": p.Reason,
	}
	if !p.Since.IsZero() {
		body["since"] = p.Since
	}
	if p.EventID != "" {
		body["event_id"] = p.EventID
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(body) // the caller is gone, then
}

func retryAfter(at time.Time) string {
	return strconv.Itoa(int(max(1, math.Ceil(time.Until(at).Seconds()))))
}
