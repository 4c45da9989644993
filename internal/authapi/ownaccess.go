package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// forServiceOrOwner lets a credential with the scope pass, or the user of the path by a key of
// their own that was made for it.
func (s *Server) forServiceOrOwner(scope, keyScope string) huma.Middlewares {
	service, holder := s.forWholeUser(scope)[0], s.forKey()[0]
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if len(r.Header.Values(headerService)) > 0 {
			service(ctx, next)
			return
		}
		holder(ctx, func(ctx huma.Context) {
			rec, status := keyOf(ctx.Context()), http.StatusServiceUnavailable // what a panic is answered with
			defer func() { s.note(w, r, rec.Realm, "key:"+rec.ID, status) }()
			if bad := mayActFor(rec, r.PathValue("user_id"), keyScope); bad != nil {
				status = bad.Status
				bad.write(w)
				return
			}
			next(ctx)
			status = ctx.Status()
		})
	}}
}

// mayActFor: a system key lies in containers that run others' code, so it gets no more than it
// needs, whatever is stored of it.
func mayActFor(rec apikey.Record, user, scope string) *Problem {
	switch {
	case rec.User != user:
		return problem(http.StatusForbidden, "wrong-user", "", "the key belongs to another user than the path says")
	case rec.Kind == apikey.KindSystem || !rec.Scopes.Has(scope):
		return problem(http.StatusForbidden, "insufficient-scope", "", "the key lacks the scope "+scope)
	}
	return nil
}

// realmOf is the caller's own, credential or key.
func realmOf(ctx context.Context) string {
	if k, ok := ctx.Value(serviceCaller).(projection.ServiceKey); ok {
		return k.Realm
	}
	return keyOf(ctx).Realm
}
