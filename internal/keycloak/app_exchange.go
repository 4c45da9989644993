package keycloak

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Nerzal/gocloak/v13"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Reasons of a refused exchange.
const (
	ReasonSubjectRefused     = "subject_refused"        // the access token: its session is over, or its user disabled
	ReasonExchangeOff        = "exchange_not_enabled"   // for our client, or for this Keycloak
	ReasonAudienceNotAllowed = "audience_not_available" // the user has no role there, and no client scope brings it
	ReasonNoSuchAudience     = "no_such_audience"
	ReasonExchangeRefused    = "exchange_refused" // anything else but our own credential
)

// Exchange trades an access token of our client for one that is meant for audience alone: the
// client_id of another client of the realm (RFC 8693, Keycloak's standard token exchange: from
// 26.2, and for clients that have it switched on). The new one hangs on the session of the old one
// and is inactive once that has ended (measured, 26.7.3). The error is *RefusedError, which says
// nothing about the offline token, and with status 401 is about our own credential, or *UnavailableError.
func (a *App) Exchange(ctx context.Context, subject secret.Text, audience string) (Grant, error) {
	const accessType = "urn:ietf:params:oauth:token-type:access_token"
	var jwt gocloak.JWT
	ans, err := a.conn.form(ctx, spec{name: "exchange", want: object}, "token", map[string]string{
		"grant_type":    "urn:ietf:params:oauth:grant-type:token-exchange",
		"subject_token": subject.Reveal(), "subject_token_type": accessType, "requested_token_type": accessType, "audience": audience,
	}, &jwt)
	switch {
	case err != nil:
		return Grant{}, err
	case ans.status >= 300:
		return Grant{}, ans.exchangeRefusal(subject)
	case jwt.AccessToken == "" || jwt.ExpiresIn < 0:
		return Grant{}, ans.unknown("no access token in the answer")
	}
	return Grant{AccessToken: secret.New(jwt.AccessToken), ExpiresIn: time.Duration(jwt.ExpiresIn) * time.Second}, nil
}

// exchangeRefusals: the beginning of the text, all measured. Up to 26.1 there is no standard exchange.
var exchangeRefusals = []struct{ code, text, reason string }{
	{"invalid_request", "Invalid token", ReasonSubjectRefused},
	{"invalid_request", "Standard token exchange is not enabled", ReasonExchangeOff},
	{"invalid_request", "Requested audience not available", ReasonAudienceNotAllowed},
	{"invalid_client", "Audience not found", ReasonNoSuchAudience},
	{"unsupported_grant_type", "", ReasonExchangeOff},
}

func (a *answer) exchangeRefusal(subject secret.Text) error {
	err := a.refusal(subject)
	if r, ok := err.(*RefusedError); ok { //nolint:errorlint // refusal wraps nothing
		r.Class = ClassNotToken
		if r.Status != http.StatusUnauthorized {
			r.Reason = ReasonExchangeRefused
		}
		for _, known := range exchangeRefusals {
			if r.Code == known.code && strings.HasPrefix(r.Description, known.text) {
				r.Reason = known.reason
				break
			}
		}
	}
	return err
}
