package keycloak

import (
	"context"
	"errors"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// Client is a client's state.
type Client struct {
	UUID      string
	ClientID  string // its current name; tokens carry the name they were made with
	Enabled   bool
	NotBefore int64 // seconds; 0 = none
}

// ClientLook is what the admin API shows of a client.
type ClientLook struct {
	At     time.Time // not later than the reading, by Keycloak's clock
	Gone   bool      // no such client in a realm that exists; Client then holds only what was asked for
	Client Client
	// OfflineAccess: Keycloak refreshes its offline tokens, if nothing else speaks against it. False where Gone.
	OfflineAccess bool
	// ConsentRequired: its users must have granted what its tokens may do.
	ConsentRequired bool
}

// clientsPage is how many clients one call brings: about 3 kB each, 8 MiB bound.
const clientsPage = 200

// LookClient asks GET clients/{uuid} (role view-clients). Whether the client may
// have offline tokens is one more question where not every role is in its scope. It does not know who has
// consented, or the client's sessions. If the realm is gone: ErrNotFound.
func (a *Admin) LookClient(ctx context.Context, realm, uuid string) (ClientLook, error) {
	r, u := realm, uuid
	if err := segments(&r, &u); err != nil {
		return ClientLook{}, err
	}
	var rep *gocloak.Client
	ans, err := a.account.as(ctx, spec{name: "client", want: object, reads: true}, func(ctx context.Context, token string) (err error) {
		rep, err = a.account.g.GetClient(ctx, token, r, u)
		return err
	})
	if err != nil {
		return ClientLook{}, err
	}
	switch err := ans.rejected(); {
	case errors.Is(err, ErrNotFound):
		return a.clientGone(ctx, realm, ans, Client{UUID: uuid})
	case err != nil:
		return ClientLook{}, err
	}
	c, err := ans.client(rep)
	if err != nil {
		return ClientLook{}, err
	}
	offline, err := a.clientOffline(ctx, realm, rep)
	return ClientLook{At: ans.at, Client: c, OfflineAccess: offline, ConsentRequired: gocloak.PBool(rep.ConsentRequired)}, err
}

// LookClientNamed asks GET clients?clientId=… for the client called that now. A
// renamed client is Gone under its old name: look by UUID where it is known.
// With less than view-clients the answer is an empty list and no error
// (measured), so Gone takes a list that does show clients.
func (a *Admin) LookClientNamed(ctx context.Context, realm, clientID string) (ClientLook, error) {
	ans, all, err := a.clients(ctx, realm, gocloak.GetClientsParams{ClientID: &clientID})
	if err != nil {
		return ClientLook{}, err
	}
	for _, c := range all {
		if c.ClientID == clientID {
			if l, err := a.LookClient(ctx, realm, c.UUID); err != nil || l.Client.ClientID == clientID {
				return l, err
			}
		}
	}
	first, limit := 0, 1
	again, some, err := a.clients(ctx, realm, gocloak.GetClientsParams{First: &first, Max: &limit})
	switch {
	case err != nil:
		return ClientLook{}, err
	case len(some) == 0:
		return ClientLook{}, again.hidden()
	}
	return a.clientGone(ctx, realm, ans, Client{ClientID: clientID})
}

// Clients lists every client of the realm (role view-clients), page by page. A
// client deleted while the pages are read can hide another one: absence from the
// list proves nothing, LookClient does.
func (a *Admin) Clients(ctx context.Context, realm string) ([]Client, error) {
	var out []Client
	seen := map[string]bool{}
	for first := 0; ; first += clientsPage {
		limit := clientsPage
		ans, page, err := a.clients(ctx, realm, gocloak.GetClientsParams{First: &first, Max: &limit})
		switch {
		case err != nil:
			return nil, err
		case first == 0 && len(page) == 0:
			return nil, ans.hidden()
		}
		for _, c := range page {
			if !seen[c.UUID] {
				seen[c.UUID] = true
				out = append(out, c)
			}
		}
		if len(page) < limit {
			return out, nil
		}
	}
}

func (a *Admin) clients(ctx context.Context, realm string, params gocloak.GetClientsParams) (*answer, []Client, error) {
	name := realm
	if err := segments(&name); err != nil {
		return nil, nil, err
	}
	var reps []*gocloak.Client
	ans, err := a.account.as(ctx, spec{name: "clients", want: list, reads: true}, func(ctx context.Context, token string) (err error) {
		reps, err = a.account.g.GetClients(ctx, token, name, params)
		return err
	})
	if err == nil {
		err = ans.rejected()
	}
	if errors.Is(err, ErrNotFound) {
		err = a.noneOf(ctx, realm, ans)
	}
	if err != nil {
		return nil, nil, err
	}
	out := make([]Client, 0, len(reps))
	for _, rep := range reps {
		c, err := ans.client(rep)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, c)
	}
	return ans, out, nil
}

func (a *Admin) clientGone(ctx context.Context, realm string, ans *answer, asked Client) (ClientLook, error) {
	if err := a.realmThere(ctx, realm); err != nil {
		return ClientLook{}, err
	}
	return ClientLook{At: ans.at, Gone: true, Client: asked}, nil
}

// hidden: every realm has clients of its own, so none at all means that they are
// not shown to us.
func (a *answer) hidden() *UnavailableError {
	return a.unknown("no client is shown; our client needs view-clients")
}

// client refuses a client without its settings: with less than view-clients
// Keycloak shows ids and names only, and a missing flag must not read as "off".
func (a *answer) client(r *gocloak.Client) (Client, error) {
	if r == nil || gocloak.NilOrEmpty(r.ID) || gocloak.NilOrEmpty(r.ClientID) || r.Enabled == nil {
		return Client{}, a.unknown("a client without id, name or enabled; our client needs view-clients")
	}
	return Client{UUID: *r.ID, ClientID: *r.ClientID, Enabled: *r.Enabled, NotBefore: int64(gocloak.PInt32(r.NotBefore))}, nil
}
