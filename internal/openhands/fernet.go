package openhands

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Lengths of a Fernet token: version, time, IV, ciphertext, HMAC.
const (
	fernetVersion = 0x80
	fernetHead    = 1 + 8
	fernetLeast   = fernetHead + aes.BlockSize + aes.BlockSize + sha256.Size
)

// openFernet decrypts a Fernet token (github.com/fernet/spec) whatever its age. The key is
// signing key and encryption key, 16 bytes each. It is written out here because the Go library
// for it has no released version.
func openFernet(key [sha256.Size]byte, token string) ([]byte, bool) {
	raw, err := base64.URLEncoding.Strict().DecodeString(token)
	if err != nil {
		raw, err = base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(token, "="))
	}
	if err != nil || len(raw) < fernetLeast || raw[0] != fernetVersion || (len(raw)-fernetLeast)%aes.BlockSize != 0 {
		return nil, false
	}
	signed, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	mac := hmac.New(sha256.New, key[:16])
	_, _ = mac.Write(signed)
	if !hmac.Equal(mac.Sum(nil), sum) {
		return nil, false
	}
	block, err := aes.NewCipher(key[16:])
	if err != nil {
		return nil, false
	}
	iv, text := signed[fernetHead:][:aes.BlockSize], signed[fernetHead+aes.BlockSize:]
	plain := make([]byte, len(text))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, text)
	return unpad(plain)
}

// unpad takes PKCS #7 padding off. The HMAC was right, so nobody learns anything from a failure.
func unpad(b []byte) ([]byte, bool) {
	n := int(b[len(b)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, false
	}
	for _, c := range b[len(b)-n:] {
		if int(c) != n {
			return nil, false
		}
	}
	return b[:len(b)-n], true
}
