package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

var errNotAToken = errors.New("tokenstate: this is no offline token of Keycloak, or it says neither whose it is nor of which session")

// identify reads what a refresh token says of itself, without verifying it: it only names the
// token to authapi.
func identify(refreshToken string) (TokenID, error) {
	parts := strings.Split(refreshToken, ".")
	if len(parts) != 3 {
		return TokenID{}, errNotAToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return TokenID{}, errNotAToken
	}
	var claims struct {
		Sub          string `json:"sub"`
		Azp          string `json:"azp"`
		Sid          string `json:"sid"`
		SessionState string `json:"session_state"` // before Keycloak 24
		Iat          int64  `json:"iat"`
	}
	if json.Unmarshal(raw, &claims) != nil {
		return TokenID{}, errNotAToken
	}
	id := TokenID{UserID: claims.Sub, ClientID: claims.Azp, SessionID: claims.Sid, IssuedAt: claims.Iat}
	if id.SessionID == "" {
		id.SessionID = claims.SessionState
	}
	if id.UserID == "" || id.ClientID == "" || id.SessionID == "" || id.IssuedAt == 0 {
		return TokenID{}, errNotAToken
	}
	return id, nil
}
