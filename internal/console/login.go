package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Logins are the ways in that are configured.
type Logins struct {
	Open       bool       // nobody is asked: on loopback only
	OIDC       OIDC       // nil without
	Credential Credential // nil without
}

// OIDC is a login at an identity provider.
type OIDC interface {
	// Begin gives the address to go to. What Finish needs to know is in the Flow.
	Begin(ctx context.Context) (address string, f Flow, err error)
	// Finish takes what the provider sent back; ErrOut if it is no login.
	Finish(ctx context.Context, f Flow, code string) (Visitor, Identity, error)
	// LoggedOut reads a logout token, by which the provider says whose login is over: of one session, or of all of a subject's if
	// session is "". ErrOut if it is none of the provider's for this console; another error says that it cannot be judged now.
	LoggedOut(ctx context.Context, token string) (subject, session string, err error)
}

// Flow is one login that has begun.
type Flow struct{ State, Nonce, Verifier, Next string }

// Credential is a login by a service credential, for when the identity provider is away.
type Credential interface {
	// Check gives who it is; ErrOut if the credential may not be in.
	Check(ctx context.Context, credential string) (Visitor, Identity, error)
}

const loginPage = "login"

// loginView is the page of ways in.
type loginView struct {
	OIDC, Credential bool
	Next, Says       string
}

func (s *Server) loginPlaces(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", s.showLogin)
	mux.HandleFunc("POST /login/oidc", s.beginOIDC)
	mux.HandleFunc("GET /login/callback", s.finishOIDC)
	mux.HandleFunc("POST /login/credential", s.byCredential)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("POST /logout/backchannel", s.loggedOut)
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	s.login(w, r, http.StatusOK, "")
}

func (s *Server) login(w http.ResponseWriter, r *http.Request, status int, says string) {
	if s.Logins.Open {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.render(w, r, Visitor{}, false, answer{page: loginPage, title: "Log in", status: status, data: loginView{
		OIDC: s.Logins.OIDC != nil, Credential: s.Logins.Credential != nil, Next: next(r.FormValue("next")), Says: says,
	}})
}

// next is where somebody wanted to go: a path of ours, and never another site's.
func next(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") || len(path) > 1024 {
		return "/"
	}
	return path
}

func (s *Server) beginOIDC(w http.ResponseWriter, r *http.Request) {
	if s.Logins.OIDC == nil {
		s.problem(w, r, Visitor{}, notFound())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	address, flow, err := s.Logins.OIDC.Begin(ctx)
	if err != nil {
		s.Logger.Warn().Err(err).Msg("a login cannot begin")
		s.login(w, r, http.StatusServiceUnavailable, "Keycloak does not answer now. Try again, or use a service credential if that is offered below.")
		return
	}
	flow.Next = next(r.PostFormValue("next"))
	s.keepFlow(w, flow)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (s *Server) finishOIDC(w http.ResponseWriter, r *http.Request) {
	flow, ok := s.takeFlow(w, r)
	code := r.URL.Query().Get("code")
	if s.Logins.OIDC == nil || !ok || code == "" {
		s.login(w, r, http.StatusBadRequest, "That login was not begun here, took too long, or was given up. Begin again.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	v, id, err := s.Logins.OIDC.Finish(ctx, flow, code)
	switch {
	case errors.Is(err, ErrOut):
		s.login(w, r, http.StatusForbidden, "Keycloak's answer was no login to this console. Begin again.")
	case err != nil:
		s.Logger.Warn().Err(err).Msg("a login cannot be finished")
		s.login(w, r, http.StatusServiceUnavailable, "Keycloak does not answer now. Try again, or use a service credential if that is offered below.")
	case v.Role == Nobody:
		s.login(w, r, http.StatusForbidden, "You are known, but have none of the roles viewer, support and operator of the client tokenstate-console. An administrator of Keycloak gives them.")
	default:
		s.enter(w, r, v, id, flow.Next)
	}
}

func (s *Server) byCredential(w http.ResponseWriter, r *http.Request) {
	if s.Logins.Credential == nil {
		s.problem(w, r, Visitor{}, notFound())
		return
	}
	if !s.attempts.may(r) {
		w.Header().Set("Retry-After", "10")
		s.login(w, r, http.StatusTooManyRequests, "Too many attempts came from your address. Wait ten seconds.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	v, id, err := s.Logins.Credential.Check(ctx, strings.TrimSpace(r.PostFormValue("credential")))
	switch {
	case errors.Is(err, ErrOut):
		s.Logger.Warn().Msg("a login by credential was refused")
		s.login(w, r, http.StatusForbidden, "That is no service credential with the scope explain.")
	case err != nil:
		s.Logger.Warn().Err(err).Msg("a credential cannot be checked")
		s.login(w, r, http.StatusServiceUnavailable, "authapi does not answer, so the credential cannot be checked. Try again.")
	default:
		s.Logger.Info().Str("as", v.Name).Msg("somebody is in by a service credential")
		s.enter(w, r, v, id, next(r.PostFormValue("next")))
	}
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, v Visitor, id Identity, to string) {
	cookie, err := s.sessions.begin(v, id)
	if err != nil {
		s.login(w, r, http.StatusServiceUnavailable, "Too many people are logged in. Try again later.")
		return
	}
	s.setCookie(w, s.cookieName(), cookie, int(sessionLife.Seconds()))
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // next has let through a path of ours only
}
