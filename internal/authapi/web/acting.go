package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

const (
	actingHeader = "Tokenstate-Acting-For"
	maxPerson    = 128 // bytes: with the credential's name it is an id of the log
)

// person is for whom a credential says that it acts; "" if it does not say. Whether that is true only
// the credential's holder knows, so orders and audit keep both names.
func person(r *http.Request) (string, *problem.Problem) {
	given := r.Header.Values(actingHeader)
	if len(given) == 0 {
		return "", nil
	}
	name, err := url.PathUnescape(given[0])
	if err != nil || len(given) > 1 || name == "" || len(name) > maxPerson || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, unicode.IsControl) {
		return "", problem.New(http.StatusBadRequest, "invalid-request", "", actingHeader+" is not one percent-encoded name of at most 128 bytes")
	}
	return name, nil
}

// ActorOf is who gives an order: the credential, and for whom it acts; only behind ForService.
func ActorOf(ctx context.Context) string {
	name, _ := ctx.Value(actingFor).(string)
	return actor(ServiceOf(ctx).Name, name)
}

func actor(credential, person string) string {
	if person == "" {
		return "service:" + credential
	}
	return "service:" + credential + " for " + person
}
