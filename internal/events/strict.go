package events

import (
	"bytes"
	"errors"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// MaxMessage is the largest message in bytes, the stream's own limit.
const MaxMessage = 64 << 10

// errNUL refuses what Postgres cannot store in a text; no id of Keycloak's has one.
var errNUL = errors.New("has a NUL in a text")

// checkJSON refuses what two readers may understand differently (strictjson), and what cannot be stored.
func checkJSON(raw []byte) error {
	err := strictjson.Check(raw, func(text []byte) error {
		if bytes.IndexByte(text, 0) >= 0 {
			return errNUL
		}
		return nil
	})
	if err != nil {
		return reject("message", err.Error())
	}
	return nil
}
