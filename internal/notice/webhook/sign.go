// Package webhook delivers notices over HTTP, as Standard Webhooks has it: what is sent says which message it is and when
// it was sent, and is signed with a secret that the receiver has as well.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Bounds of a secret, in bytes.
const (
	leastSecret = 24
	mostSecret  = 64
	prefix      = "whsec_"
)

// ErrSecret is given for a text that is no secret of Standard Webhooks. It does not repeat it.
var ErrSecret = errors.New("is not whsec_ and 24 to 64 bytes in base64")

// Secret is what a receiver shares with us.
type Secret struct{ key secret.Text }

// ParseSecret reads one.
func ParseSecret(text secret.Text) (Secret, error) {
	encoded, ok := strings.CutPrefix(text.Reveal(), prefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < leastSecret || len(key) > mostSecret {
		return Secret{}, ErrSecret
	}
	return Secret{secret.New(string(key))}, nil
}

// signatures are those of a message by each secret: while a receiver changes its secret there are two.
func signatures(secrets []Secret, id string, at time.Time, body []byte) string {
	var all []string
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s.key.Reveal()))
		_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, stamp(at), body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

func stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
