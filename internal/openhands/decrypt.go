package openhands

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Reasons why an offline token stays where it is. None repeats anything of it.
var (
	ErrShape = errors.New("not_the_known_shape")           // neither JSON {"tokens"} nor a ciphertext
	ErrKey   = errors.New("no_secret_opens_it")            // of another secret, or damaged
	ErrInner = errors.New("no_refresh_token_in_plaintext") // it opens, and holds something else
	errFile  = errors.New("the file of secrets is neither one secret nor OpenHands' .keys")
)

// maxValue bounds one encrypted token; Keycloak's are about 1 KB.
const maxValue = 64 << 10

// Secrets are what OpenHands encrypts under: JWT_SECRET, or the list in its file .keys.
type Secrets struct {
	byID map[string][sha256.Size]byte
	all  [][sha256.Size]byte
}

// ParseSecrets reads a file that holds either the one secret, or the JSON list that OpenHands
// keeps as .keys: [{"id": …, "key": …}, …].
func ParseSecrets(file []byte) (Secrets, error) {
	s := Secrets{byID: map[string][sha256.Size]byte{}}
	file = bytes.TrimSpace(file)
	if len(file) == 0 {
		return s, fmt.Errorf("%w: it is empty", errFile)
	}
	if file[0] != '[' {
		s.all = append(s.all, sha256.Sum256(file))
		return s, nil
	}
	var list []struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	}
	if json.Unmarshal(file, &list) != nil || len(list) == 0 {
		return s, errFile // the library's own words may repeat what it read
	}
	for _, one := range list {
		if one.Key == "" || strings.Trim(one.Key, "*") == "" {
			return s, fmt.Errorf("%w: a key is empty or masked", errFile)
		}
		key := sha256.Sum256([]byte(one.Key))
		s.all, s.byID[one.ID] = append(s.all, key), key
	}
	return s, nil
}

// Open gives the refresh token inside a value of offline_tokens.
func (s Secrets) Open(value secret.Text) (secret.Text, error) {
	text := strings.TrimSpace(value.Reveal())
	if len(text) > maxValue {
		return secret.Text{}, ErrShape
	}
	if strings.HasPrefix(text, "{") {
		var outer struct {
			Tokens string `json:"tokens"`
		}
		if json.Unmarshal([]byte(text), &outer) != nil || outer.Tokens == "" {
			return secret.Text{}, ErrShape
		}
		text = outer.Tokens
	}
	plain, err := s.decrypt(text)
	if err != nil {
		return secret.Text{}, err
	}
	var inner struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(plain, &inner) != nil || inner.RefreshToken == "" {
		return secret.Text{}, ErrInner
	}
	return secret.New(inner.RefreshToken), nil
}

// decrypt tells the two generations apart by their form: a JWE has four dots, base64 none.
func (s Secrets) decrypt(text string) ([]byte, error) {
	if strings.Count(text, ".") == 4 {
		return s.openJWE(text)
	}
	for _, key := range s.all {
		if plain, ok := openFernet(key, text); ok {
			return plain, nil
		}
		// Some writers encode the token, which is base64 already, once more.
		if twice, err := base64.StdEncoding.DecodeString(text); err == nil {
			if plain, ok := openFernet(key, string(twice)); ok {
				return plain, nil
			}
		}
	}
	return nil, ErrKey
}

// openJWE: what was encrypted is {"v": the plaintext}. Its exp is an hour after it was written and
// means nothing: OpenHands does not read it either. An unknown kid is no reason to give up, since
// older versions made up another id for the same secret at each start.
func (s Secrets) openJWE(text string) ([]byte, error) {
	e, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrShape
	}
	keys := s.all
	if key, ok := s.byID[e.Header.KeyID]; ok {
		keys = [][sha256.Size]byte{key}
	}
	for _, key := range keys {
		plain, err := e.Decrypt(key[:])
		if err != nil {
			continue
		}
		var payload struct {
			V            string `json:"v"`
			RefreshToken string `json:"refresh_token"`
		}
		switch {
		case json.Unmarshal(plain, &payload) != nil:
			return nil, ErrInner
		case payload.RefreshToken != "": // the payload itself
			return plain, nil
		}
		return []byte(payload.V), nil
	}
	return nil, ErrKey
}
