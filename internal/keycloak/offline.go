package keycloak

import (
	"errors"
	"strings"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Claims are what a decoded offline token says of itself. Nobody but Keycloak
// can verify it (it is signed with the realm's HMAC key): trust them only of a
// token that came from Keycloak directly, or after introspection.
type Claims struct {
	Issuer   string
	Subject  string // may be empty: 25+ puts it in by a scope
	Session  string // sid; session_state in tokens from before 14
	ClientID string // azp: the client's name when the token was made, not its UUID
	IssuedAt int64  // seconds
	Expires  int64  // seconds; 0 = no exp, the usual case
	ID       string // jti: only a hint, every refresh changes it
	Scope    string // what the token may do, separated by blanks; a refresh keeps it
	Offline  bool   // else it ends with the browser's session
}

var (
	// ErrNotOffline is for a token that is not an offline one (an online refresh token or an access token).
	ErrNotOffline = errors.New("not an offline token: ask for scope offline_access")
	// ErrMalformed is for what Keycloak cannot have made. It says nothing of the text.
	ErrMalformed = errors.New("not a readable token")
)

// MaxToken bounds what ParseOffline reads, in bytes.
const MaxToken = 16 << 10

const maxClaim = 2048

// ParseOffline decodes an offline token WITHOUT verifying it; ErrNotOffline for another kind.
func ParseOffline(raw secret.Text) (Claims, error) {
	c, err := ParseRefresh(raw)
	if err == nil && !c.Offline {
		return Claims{}, ErrNotOffline
	}
	return c, err
}

// ParseRefresh decodes a refresh token, online or offline, WITHOUT verifying it. It is strict:
// three parts of unpadded canonical base64url, JSON objects without a doubled
// member, typ "Offline" or "Refresh", and iss, azp, iat and a session id present.
func ParseRefresh(raw secret.Text) (Claims, error) {
	text := raw.Reveal()
	if len(text) > MaxToken {
		return Claims{}, ErrMalformed
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Claims{}, ErrMalformed // five parts: encrypted, so it says nothing to us
	}
	header, body, sig := members(parts[0]), members(parts[1]), decodePart(parts[2])
	alg, typ := header.text("alg"), body.text("typ")
	if len(sig) == 0 || alg == "" || strings.EqualFold(alg, "none") || typ == "" {
		return Claims{}, ErrMalformed
	}
	if typ != "Offline" && typ != "Refresh" {
		return Claims{}, ErrNotOffline // an access or ID token
	}
	c := Claims{
		Offline: typ == "Offline",
		Issuer:  body.text("iss"), Subject: body.text("sub"), Session: body.text("sid"), ClientID: body.text("azp"),
		IssuedAt: body.number("iat"), Expires: body.number("exp"), ID: body.text("jti"), Scope: body.text("scope"),
	}
	if c.Session == "" {
		c.Session = body.text("session_state")
	}
	old := body.text("session_state")
	if !body.typed("iss", "sub", "sid", "session_state", "azp", "jti", "scope") || !c.plausible() || (old != "" && old != c.Session) {
		return Claims{}, ErrMalformed
	}
	return c, nil
}

// plausible: what must be there is there, and every text fits a row and a log.
func (c Claims) plausible() bool {
	const maxSeconds = 1 << 40 // some 30,000 years; keeps milliseconds in range
	if c.IssuedAt <= 0 || c.IssuedAt > maxSeconds || c.Expires < 0 || c.Expires > maxSeconds {
		return false
	}
	return plainID(c.Session) && plainID(c.ClientID) && (c.Subject == "" || plainID(c.Subject)) &&
		(c.ID == "" || plainID(c.ID)) && len(c.Scope) <= maxClaim && tidy(c.Scope, maxClaim) == c.Scope && c.Issuer != "" && len(c.Issuer) <= maxClaim && tidy(c.Issuer, maxClaim) == c.Issuer
}
