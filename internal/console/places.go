package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
)

// places are all pages. The browser's test walks them as every role.
func (s *Server) places() []place {
	return []place{
		{"GET /{$}", Viewer, s.right},
		{"GET /plots", Viewer, s.plots},
		{"GET /plots.json", Viewer, s.plotsJSON},
		{"GET /why", Support, s.why},
		{"POST /why", Support, s.search},
		{"GET /users/{realm}/{user}", Support, s.user},
		{"GET /tokens", Viewer, s.tokens},
		{"GET /tokens.csv", Support, s.tokensCSV},
		{"GET /keys", Support, s.keys},
		{"GET /keys.csv", Support, s.keysCSV},
		{"GET /orders", Viewer, s.orders},
		{"POST /orders/preview", Operator, s.preview},
		{"POST /orders", Operator, s.give},
		{"GET /orders/pardon", Operator, s.pardon},
		{"GET /parked", Viewer, s.parked},
		{"GET /log", Viewer, s.logPage},
		{"POST /log/check", Operator, s.check},
		{"GET /audit", Viewer, s.audit},
		{"GET /setup", Viewer, s.setup},
	}
}

// place lets a visitor in who may, and answers.
func (s *Server) place(p place) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, unasked, in := s.visitor(r)
		switch {
		case !in && r.Method == http.MethodGet:
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		case !in:
			s.problem(w, r, v, &fault{http.StatusUnauthorized, "You are not logged in", "Your session ended, so nothing was done. Log in and send it again."})
			return
		case v.Role < p.role:
			s.problem(w, r, v, &fault{http.StatusForbidden, "Your role does not include this page", "It needs the role " + p.role.String() + ", and you have " + v.Role.String() + ". An administrator of Keycloak gives roles of the client tokenstate-console."})
			return
		}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
				s.Logger.Error().Any("panic", p).Bytes("stack", debug.Stack()).Msg("a page panicked")
				s.problem(w, r, v, &fault{http.StatusInternalServerError, "This page failed", "It is a fault of the console; its log has the details."})
			}
		}()
		s.build(w, r, p, v, unasked)
	})
}

func (s *Server) build(w http.ResponseWriter, r *http.Request, p place, v Visitor, unasked bool) {
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	if !s.mayBuild(ctx) {
		w.Header().Set("Retry-After", "2")
		s.problem(w, r, v, &fault{http.StatusServiceUnavailable, "Too many pages are asked for at once", "Try again in a moment."})
		return
	}
	defer func() { <-s.building }()
	a, err := p.answer(r.WithContext(ctx), v)
	var bad *fault
	switch {
	case errors.As(err, &bad):
		s.problem(w, r, v, bad)
	case err != nil:
		s.Logger.Error().Err(err).Str("page", p.pattern).Msg("a page cannot be put together")
		w.Header().Set("Retry-After", "5")
		s.problem(w, r, v, &fault{http.StatusServiceUnavailable, "This cannot be read now", "The database does not answer, or took too long. What tokenstate decides goes on meanwhile. Try again in a moment."})
	case a.to != "":
		http.Redirect(w, r, a.to, http.StatusSeeOther)
	case a.json != nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(a.json) // the reader is gone, then
	case a.file != nil:
		s.sendFile(w, a.file)
	default:
		s.render(w, r, v, unasked, a)
	}
}

// mayBuild takes a place among those that are put together, unless there is none for too long.
func (s *Server) mayBuild(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, buildWait)
	defer cancel()
	if s.pace.Wait(ctx) != nil {
		<-ctx.Done() // it knows at once; a refusal at once would be asked for again at once
		return false
	}
	select {
	case s.building <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// visitor is who asks. Whoever tokenstate itself knows to be disabled or deleted is nobody at once.
func (s *Server) visitor(r *http.Request) (v Visitor, unasked, in bool) {
	if s.Logins.Open {
		return Visitor{Name: "this machine", Role: Operator}, false, true
	}
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return v, false, false
	}
	v, unasked, in = s.sessions.visitorOf(r.Context(), cookie.Value, renewsItself(r))
	if in && v.Subject != "" {
		if o := s.Known.Owner(v.Realm, v.Subject); !o.Active && o.Reason != "" {
			s.sessions.end(cookie.Value)
			return Visitor{}, false, false
		}
	}
	return v, unasked, in
}

// renewsItself: what htmx asks for every few seconds.
func renewsItself(r *http.Request) bool { return r.Header.Get("HX-Trigger") == "live" }
