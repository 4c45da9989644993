package logouttoken

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// Issuer is what a token says of itself, and nobody has verified: it is good for choosing a
// Verifier, which holds the token to its own issuer. An error is an *InvalidError.
func Issuer(raw string) (string, error) {
	if len(raw) > maxToken {
		return "", invalid("the token is too large")
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", invalid("the token is not a signed JWT in compact form")
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	var claims map[string]json.RawMessage
	if err != nil || strictjson.Unmarshal(payload, &claims) != nil {
		return "", invalid("the claims are not an object of strict JSON")
	}
	var issuer string
	if json.Unmarshal(claims["iss"], &issuer) != nil || issuer == "" {
		return "", invalid("iss is missing, or no text")
	}
	return issuer, nil
}
