// Package web is the edge of authapi's HTTP interface: the guard around every request, who may call what, and what all
// calls of the OpenAPI document have in common.
package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/audit"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// Door stands before the calls of the HTTP interface: it says who may pass, and the audit hears of it.
type Door struct {
	Gate  *gate.Gate
	Trail *audit.Trail // nil: nothing is audited
}

type contextKey int

const (
	serviceCaller contextKey = iota
	keyCaller
	actingFor
)

// ForService lets a credential with the scope pass, before its body is even read.
func (d *Door) ForService(scope string) huma.Middlewares {
	return d.forCaller(scope, func(projection.ServiceKey) *problem.Problem { return nil })
}

// ForWholeUser is ForService for calls that reach all of a user's, in whatever organization.
func (d *Door) ForWholeUser(scope string) huma.Middlewares {
	return d.forCaller(scope, gate.CheckUnlimited)
}

func (d *Door) forCaller(scope string, may func(projection.ServiceKey) *problem.Problem) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		loads := d.Gate.Known.Loads()
		caller, bad := projection.ServiceKey{}, d.Gate.Ready()
		status := http.StatusServiceUnavailable // what a panic is answered with
		acting := ""
		defer func() { d.auditService(w, r, caller, acting, status) }()
		if bad == nil {
			caller, bad = d.Gate.ServiceAfterWait(r, scope)
		}
		if bad == nil {
			acting, bad = person(r)
		}
		if bad == nil {
			bad = idsOnly(r.URL)
		}
		if bad == nil {
			bad = may(caller)
		}
		if bad != nil {
			status = bad.Status
			bad.Write(w)
			return
		}
		d.Gate.SetAges(w.Header())
		if reads(r) {
			ctx = &steady{humaContext: ctx, refused: func() *problem.Problem { return d.Gate.Steady(loads) }}
		}
		next(huma.WithValue(huma.WithValue(ctx, serviceCaller, caller), actingFor, acting))
		status = ctx.Status()
	}}
}

// ForKey lets the holder of an admitted key pass.
func (d *Door) ForKey() huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		rec, bad := d.Gate.Holder(r, Pinned(r), w.Header())
		if bad != nil {
			bad.Write(w)
			return
		}
		next(huma.WithValue(ctx, keyCaller, rec))
	}}
}

// ServiceOf is the credential that a call came with; only behind ForService.
func ServiceOf(ctx context.Context) projection.ServiceKey {
	return ctx.Value(serviceCaller).(projection.ServiceKey) // ForService put it there; without it the guard answers 503
}

// KeyOf is the key that a call came with; only behind ForKey.
func KeyOf(ctx context.Context) apikey.Record {
	return ctx.Value(keyCaller).(apikey.Record)
}

// auditService notes what a credential did, or was refused.
func (d *Door) auditService(w http.ResponseWriter, r *http.Request, caller projection.ServiceKey, acting string, status int) {
	if caller.Name != "" {
		d.audit(w, r, caller.Realm, actor(caller.Name, acting), status)
	}
}

func (d *Door) audit(w http.ResponseWriter, r *http.Request, realm, actor string, status int) {
	if d.Trail == nil {
		return
	}
	d.Trail.Add(audit.Act{
		At: d.Gate.LocalTime(), Realm: realm, Actor: actor, Action: r.Pattern, Target: redact.Path(r.URL),
		Status: status, Request: w.Header().Get("X-Request-Id"),
	}, reads(r))
}

func reads(r *http.Request) bool { return onlyReads[r.Pattern] || r.Method == http.MethodGet }

var onlyReads = map[string]bool{
	"POST /v1/decide": true, "POST /oauth2/introspect": true, "POST /v1/users/{user_id}/access-token": true,
}
