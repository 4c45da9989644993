package keycloak

import (
	"context"
	"time"
)

// Endpoints is what the realm's discovery document says. They are for showing
// and comparing (the issuer of a token, a login link): our credentials are never
// sent to an address found here.
type Endpoints struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	JWKS          string `json:"jwks_uri"`
}

const discoveryFresh = 10 * time.Minute

type discovery struct {
	turn chan struct{} // one fetch at a time
	last Endpoints
	at   time.Time // monotonic
}

// Discover gives the realm's endpoints, at most ten minutes old, or older while
// Keycloak does not answer: an issuer does not change because of an outage.
func (a *App) Discover(ctx context.Context) (Endpoints, error) {
	select {
	case a.disc.turn <- struct{}{}:
		defer func() { <-a.disc.turn }()
	case <-ctx.Done():
		return Endpoints{}, &UnavailableError{Call: "discovery", Reason: "given up", Cause: ctx.Err(), ours: true}
	}
	if a.disc.last.Issuer != "" && time.Since(a.disc.at) < discoveryFresh {
		return a.disc.last, nil
	}
	e, err := a.discover(ctx)
	switch {
	case err == nil:
		a.disc.last, a.disc.at = e, time.Now()
	case a.disc.last.Issuer == "":
		return Endpoints{}, err
	}
	return a.disc.last, nil
}

func (a *App) discover(ctx context.Context) (e Endpoints, err error) {
	url := a.conn.cfg.BaseURL + "/realms/" + a.conn.realmSeg + "/.well-known/openid-configuration"
	ans, err := a.conn.do(ctx, spec{name: "discovery", want: object, reads: true}, func(ctx context.Context) error {
		_, err := a.conn.g.GetRequest(ctx).SetResult(&e).Get(url)
		return err
	})
	switch {
	case err != nil:
		return Endpoints{}, err
	case ans.status >= 300 || e.Issuer == "" || e.Token == "":
		return Endpoints{}, ans.unknown("no discovery document; check the keycloak url and realm")
	}
	return e, nil
}
