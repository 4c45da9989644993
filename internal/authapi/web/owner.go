package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// ForServiceOrOwner lets a credential with the scope pass, or the user of the path by a key of
// their own that was made for it.
func (d *Door) ForServiceOrOwner(scope, keyScope string) huma.Middlewares {
	service, holder := d.ForWholeUser(scope)[0], d.ForKey()[0]
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if len(r.Header.Values(gate.HeaderService)) > 0 {
			service(ctx, next)
			return
		}
		holder(ctx, func(ctx huma.Context) {
			rec, status := KeyOf(ctx.Context()), http.StatusServiceUnavailable // what a panic is answered with
			defer func() { d.audit(w, r, rec.Realm, "key:"+rec.ID, status) }()
			if bad := mayActFor(rec, r.PathValue("user_id"), keyScope); bad != nil {
				status = bad.Status
				d.Gate.RefuseHolder(r.Context(), rec, bad)
				bad.Write(w)
				return
			}
			next(ctx)
			status = ctx.Status()
		})
	}}
}

// mayActFor: a system key lies in containers that run others' code, so it gets no more than it
// needs, whatever is stored of it.
func mayActFor(rec apikey.Record, user, scope string) *problem.Problem {
	switch {
	case rec.User != user:
		return problem.New(http.StatusForbidden, "wrong-user", "", "the key belongs to another user than the path says")
	case rec.Kind == apikey.KindSystem || !rec.Scopes.Has(scope):
		return problem.New(http.StatusForbidden, "insufficient-scope", "", "the key lacks the scope "+scope)
	}
	return nil
}

// RealmOf is the caller's own, credential or key.
func RealmOf(ctx context.Context) string {
	if ByService(ctx) {
		return ServiceOf(ctx).Realm
	}
	return KeyOf(ctx).Realm
}

// HolderOf is the key that a call about a user came with; with a service credential the user alone.
func HolderOf(ctx context.Context, user string) apikey.Record {
	if ByService(ctx) {
		return apikey.Record{Realm: ServiceOf(ctx).Realm, User: user}
	}
	return KeyOf(ctx)
}

// ByService reports whether the caller came with a service credential, and not with a key.
func ByService(ctx context.Context) bool {
	_, ok := ctx.Value(serviceCaller).(projection.ServiceKey)
	return ok
}
