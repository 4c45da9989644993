package console

import (
	"context"
	"errors"
	"net/http"
)

// logout ends the session here, and the login at the identity provider with it: else whoever sits down next is in by one click.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	var err error
	if c, none := r.Cookie(s.cookieName()); none == nil {
		err = s.sessions.leave(r.Context(), c.Value)
	}
	s.setCookie(w, s.cookieName(), "", -1)
	if err != nil {
		s.Logger.Warn().Err(err).Msg("a login could not be ended at the identity provider")
		s.login(w, r, http.StatusOK, "You are logged out here. Keycloak does not answer now, so your login there may still hold: close the browser, or log out there.")
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// loggedOut takes a logout token from the identity provider itself. The token's signature is its credential; whoever sends it again
// ends nothing that is not over.
func (s *Server) loggedOut(w http.ResponseWriter, r *http.Request) {
	if s.Logins.OIDC == nil {
		s.problem(w, r, Visitor{}, notFound())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	subject, session, err := s.Logins.OIDC.LoggedOut(ctx, r.PostFormValue("logout_token"))
	switch {
	case errors.Is(err, ErrOut):
		s.Logger.Warn().Err(err).Msg("a logout token was refused")
		http.Error(w, "That is no logout token of this console's issuer.", http.StatusBadRequest)
	case err != nil:
		s.Logger.Warn().Err(err).Msg("a logout token cannot be judged now")
		w.Header().Set("Retry-After", "10")
		http.Error(w, "The issuer's keys cannot be had now. Send it again.", http.StatusServiceUnavailable)
	default:
		n := s.sessions.endOf(subject, session)
		s.Logger.Info().Int("sessions", n).Msg("the identity provider has ended a login")
	}
}
