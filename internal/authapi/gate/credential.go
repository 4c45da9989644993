package gate

import (
	"net/http"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Header names of the contract.
const (
	HeaderService = "X-Service-API-Key"
	headerOrg     = "X-Org-Id"
)

// keySources are where a key may stand; the first that is present decides.
var keySources = []struct {
	name string
	read func(string) (text string, present bool)
}{{authorization, bearer}, {"X-Session-API-Key", whole}, {"X-Access-Token", whole}}

const authorization = "Authorization"

// credential is what a request presents, and in which header.
type credential struct {
	header string // "": there is none
	text   string
	twice  bool // several of one kind: none of them counts
}

// locate finds what stands as Authorization: Bearer, else X-Session-API-Key, else X-Access-Token. The
// first present decides, so that two answers about one request are impossible: a bad first one is not
// mended by a good second one. Another scheme of Authorization is not meant for us: an ingress in
// front may ask for Basic, while the key stands in its own header.
func locate(h http.Header) credential {
	for _, from := range keySources {
		values := h.Values(from.name)
		switch len(values) {
		case 0:
		case 1:
			if text, present := from.read(values[0]); present {
				return credential{header: from.name, text: text}
			}
		default:
			return credential{header: from.name, twice: true}
		}
	}
	return credential{}
}

// presentedKey reads the API key of a request.
func presentedKey(h http.Header) (apikey.Presented, *problem.Problem) {
	found := locate(h)
	switch {
	case found.header == "":
		return apikey.Presented{}, problem.Unauthorized("unknown", "send an API key as Authorization: Bearer <key>", h.Get(authorization) != "")
	case found.twice && found.header == authorization:
		return apikey.Presented{}, problem.Unauthorized("unknown", "send one Authorization header", true)
	case found.twice:
		return apikey.Presented{}, unknownKey()
	}
	p, err := apikey.Parse(found.text)
	if err != nil {
		return apikey.Presented{}, unknownKey()
	}
	return p, nil
}

// bearer reads the scheme without regard to case and takes any number of spaces after it, as RFC 9110
// says.
func bearer(value string) (text string, present bool) {
	scheme, rest, _ := strings.Cut(value, " ")
	return strings.TrimLeft(rest, " "), strings.EqualFold(scheme, "Bearer")
}

func whole(value string) (text string, present bool) { return value, true }

// unknownKey is the answer to everything up to a matching secret: it must not tell a
// malformed key from a missing one.
func unknownKey() *problem.Problem {
	return problem.Unauthorized("unknown", "the API key is not valid: check that it is complete, or mint a new one", true)
}
