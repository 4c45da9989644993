package web

import (
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Pinned are the realms, at most one, that a gateway says its keys are of.
func Pinned(r *http.Request) []string {
	if r.URL.RawQuery == "" {
		return nil
	}
	return r.URL.Query()["realm"]
}

// maxRealm is PinInput's maxLength.
const maxRealm = 255

// MisPinned refuses a realm that no key can be of. A key is unknown in it anyway; only who may pass without one hears it.
func MisPinned(realms []string) *problem.Problem {
	if len(realms) == 0 || utf8.RuneCountInString(realms[0]) <= maxRealm {
		return nil
	}
	p := problem.New(http.StatusUnprocessableEntity, problem.SlugOf(http.StatusUnprocessableEntity), "",
		problem.DetailOf(http.StatusUnprocessableEntity))
	p.Errors = []problem.FieldError{{Location: "query.realm", Message: fmt.Sprintf("expected length <= %d", maxRealm)}}
	return p
}

// PinInput describes what Pinned reads.
type PinInput struct {
	Realm string `query:"realm" maxLength:"255" doc:"a key of another realm than this is unknown"`
}
