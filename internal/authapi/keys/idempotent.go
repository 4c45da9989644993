package keys

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Idempotent is part of the input of every call that makes a secret. It is exported because
// huma reads no unexported part.
type Idempotent struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"for 24 hours the same request with the same key is answered with the same secret, and makes none"`
}

// onceOf names a request by digests: neither the key nor the request is stored.
func onceOf(caller, key string, request []any) *apikey.Once {
	raw, _ := json.Marshal(request) // texts, numbers and times always encode
	return &apikey.Once{Caller: caller, Key: sha256.Sum256([]byte(key)), Request: sha256.Sum256(raw)}
}
