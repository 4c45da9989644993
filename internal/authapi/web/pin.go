package web

import "net/http"

// Pinned are the realms, at most one, that a gateway says its keys are of.
func Pinned(r *http.Request) []string { return r.URL.Query()["realm"] }

// PinInput describes what Pinned reads.
type PinInput struct {
	Realm string `query:"realm" maxLength:"255" doc:"a key of another realm than this is unknown"`
}
