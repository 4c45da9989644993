package keycloak

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// Session is an offline session as the admin REST lists it.
type Session struct {
	ID     string // sid
	UserID string
	// Start is the start of the client session in seconds. REST never shows it:
	// always 0, unknown. UserStart is only a lower bound of it: with another
	// client in the same sid it is older (keycloak.md A7).
	Start      int64
	UserStart  int64             // ms; start of the user session
	LastAccess int64             // ms; of the user session
	Clients    map[string]string // UUID → client_id, as it is called now
	// Ends is when Keycloak may end it if nobody uses it until then, and Life for how long the bound that ends it lets
	// it live, both in seconds; 0: it does not end, or nobody has asked for its lifetimes (Lasting does).
	Ends, Life int64
}

// SessionPage is one page of a client's offline sessions.
type SessionPage struct {
	At       time.Time
	Sessions []Session
}

// ClientSessions asks GET clients/{uuid}/offline-sessions?first&max (role
// view-clients and view-users). A page shows who lives and proves no absence:
// offset paging skips the living when somebody logs out in between (measured;
// keycloak.md F). It lists sessions of disabled users and behind a not-before,
// too. ErrNotFound: the client or the realm is gone.
func (a *Admin) ClientSessions(ctx context.Context, realm, uuid string, first, limit int) (SessionPage, error) {
	r, u := realm, uuid
	if err := segments(&r, &u); err != nil {
		return SessionPage{}, err
	}
	var reps []*gocloak.UserSessionRepresentation
	params := gocloak.GetClientUserSessionsParams{First: &first, Max: &limit}
	ans, err := a.account.as(ctx, spec{name: "client's offline sessions", want: list, reads: true},
		func(ctx context.Context, token string) (err error) {
			reps, err = a.account.g.GetClientOfflineSessions(ctx, token, r, u, params)
			return err
		})
	if err == nil {
		err = ans.rejected()
	}
	if errors.Is(err, ErrNotFound) {
		return SessionPage{}, a.clientMissing(ctx, realm, uuid, err)
	}
	if err != nil {
		return SessionPage{}, err
	}
	page := SessionPage{At: ans.at}
	page.Sessions, err = ans.sessions(reps)
	return page, err
}

// clientMissing gives notFound if the client is surely gone, else unknown.
func (a *Admin) clientMissing(ctx context.Context, realm, uuid string, notFound error) error {
	c, err := a.LookClient(ctx, realm, uuid)
	switch {
	case err != nil:
		return err
	case c.Gone:
		return notFound
	}
	return &UnavailableError{
		Call: "client's offline sessions", Reason: "not found with a client that exists; look again",
		Status: http.StatusNotFound, Sent: true,
	}
}

// sessions refuses a list with a hole: an entry without an id could be the one
// whose absence somebody is about to conclude.
func (a *answer) sessions(reps []*gocloak.UserSessionRepresentation) ([]Session, error) {
	out := make([]Session, 0, len(reps))
	for _, r := range reps {
		if r == nil || gocloak.NilOrEmpty(r.ID) || gocloak.NilOrEmpty(r.UserID) || r.Clients == nil {
			return nil, a.unknown("a session without id, user or clients")
		}
		out = append(out, Session{
			ID: *r.ID, UserID: *r.UserID, UserStart: gocloak.PInt64(r.Start),
			LastAccess: gocloak.PInt64(r.LastAccess), Clients: *r.Clients,
		})
	}
	return out, nil
}
