package authapi

import (
	"net/http"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Header names of the contract.
const (
	headerService = "X-Service-API-Key"
	headerOrg     = "X-Org-Id"
)

// keySources are where a key may stand; the first that is present decides.
var keySources = []struct {
	name string
	read func(string) (string, bool)
}{{"Authorization", bearer}, {"X-Session-API-Key", whole}, {"X-Access-Token", whole}}

// presentedKey reads the API key of a request: Authorization: Bearer, else X-Session-API-Key,
// else X-Access-Token. The first present decides, so that two answers about one request are
// impossible: a bad first one is not mended by a good second one.
func presentedKey(h http.Header) (apikey.Presented, *Problem) {
	if len(h.Values("Authorization")) > 1 {
		return apikey.Presented{}, unauthorized("unknown", "send one Authorization header", true)
	}
	for _, from := range keySources {
		values := h.Values(from.name)
		if len(values) == 0 {
			continue
		}
		text, ok := from.read(values[0])
		if !ok || len(values) > 1 {
			return apikey.Presented{}, unknownKey()
		}
		p, err := apikey.Parse(text)
		if err != nil {
			return apikey.Presented{}, unknownKey()
		}
		return p, nil
	}
	return apikey.Presented{}, unauthorized("unknown", "send an API key as Authorization: Bearer <key>", false)
}

// bearer takes exactly one space: whatever else a proxy may have made of the header is not a
// key that we gave out. The scheme has no case (RFC 9110).
func bearer(value string) (string, bool) {
	const scheme = "bearer "
	if len(value) <= len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	return value[len(scheme):], true
}

func whole(value string) (string, bool) { return value, value != "" }

// unknownKey is the answer to everything up to a matching secret: it must not tell a
// malformed key from a missing one.
func unknownKey() *Problem {
	return unauthorized("unknown", "the API key is not valid: check that it is complete, or mint a new one", true)
}
