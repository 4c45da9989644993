// Package secret holds a text that must not be shown: a token, a client
// secret, a password. Whatever prints, logs or encodes a Text gets
// "[redacted]"; only Reveal gives the value, so that every place which handles
// it in the clear can be found by that word.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a redacted string. The zero value is the empty text.
//
// The value sits behind a pointer on purpose: fmt cannot call methods on an
// unexported field of somebody else's struct and would print a plain string
// there; of a pointer it prints the address. For the same reason == compares
// identities, not values: use Equal.
type Text struct{ value *string }

// New wraps s. It does not copy or wipe anything.
func New(s string) Text { return Text{value: &s} }

// Reveal gives the value in the clear.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty says whether there is nothing to hide.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal compares the values in time that depends on their lengths only.
func (t Text) Equal(o Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(o.Reveal())) == 1
}

func (Text) String() string { return redacted }

// GoString hides it from %#v.
func (Text) GoString() string { return redacted }

// MarshalJSON hides it from encoding/json.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides it from every encoding of text.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides it from log/slog.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format answers every verb, so that no flag reaches the value.
func (Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }
