package openhandstest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// The two secrets in force, the older first, as OpenHands keeps them in .keys.
const (
	OldSecret = "the older secret of the tests"
	NewSecret = "the newer secret of the tests"
	Keys      = `[{"id": "old", "key": "` + OldSecret + `", "active": true}, {"id": "new", "key": "` + NewSecret + `", "active": true}]`
)

// JWT is a token with the claims of Keycloak's offline tokens and a signature that nobody checks.
func JWT(user, client, session string, issuedAt int64) string {
	part := func(v any) string {
		raw, _ := json.Marshal(v) // of strings and numbers: it cannot fail
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return part(map[string]any{"alg": "HS512", "typ": "JWT"}) + "." + part(map[string]any{
		"typ": "Offline", "iss": "https://id.example/realms/demo", "sub": user, "azp": client, "sid": session, "iat": issuedAt,
		"scope": "openid offline_access",
	}) + "." + base64.RawURLEncoding.EncodeToString([]byte("signature"))
}

// Encrypt makes a value of offline_tokens in one of the four ways that are found there.
func Encrypt(way int, token string) (string, error) {
	plain, _ := json.Marshal(map[string]string{"refresh_token": token})
	var text string
	var err error
	switch way % 4 {
	case 0:
		text = Fernet(OldSecret, plain)
	case 1:
		text = base64.StdEncoding.EncodeToString([]byte(Fernet(OldSecret, plain)))
	case 2:
		text, err = JWE(NewSecret, "new", plain)
	case 3: // the same secret, under an id that another process made up
		text, err = JWE(OldSecret, "another", plain)
	}
	value, _ := json.Marshal(map[string]string{"tokens": text})
	return string(value), err
}

// Fernet encrypts under SHA-256 of a secret.
func Fernet(secret string, plain []byte) string {
	key := sha256.Sum256([]byte(secret))
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(slices.Clip(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	out := binary.BigEndian.AppendUint64([]byte{0x80}, uint64(time.Now().Unix()))
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv) // never fails
	block, _ := aes.NewCipher(key[16:])
	sealed := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, plain)
	out = append(append(out, iv...), sealed...)
	mac := hmac.New(sha256.New, key[:16])
	_, _ = mac.Write(out)
	return base64.URLEncoding.EncodeToString(mac.Sum(out))
}

// JWE encrypts {"v": plain} as OpenHands does, with an exp that has passed.
func JWE(secret, kid string, plain []byte) (string, error) {
	key := sha256.Sum256([]byte(secret))
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key[:], KeyID: kid}, nil)
	if err != nil {
		return "", err
	}
	payload, _ := json.Marshal(map[string]any{"v": string(plain), "iat": 1, "exp": 3601})
	sealed, err := e.Encrypt(payload)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}
