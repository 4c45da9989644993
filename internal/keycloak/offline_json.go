package keycloak

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"
)

// claimSet is one JSON object by its exact member names. Decoding into a struct
// would be shorter and wrong: encoding/json takes "IAT" for "iat", and of two
// spellings the last.
type claimSet map[string]json.RawMessage

// members decodes one part of a token; nil unless it is canonical base64url of
// one JSON object in valid UTF-8 whose names differ.
func members(part string) claimSet {
	b := decodePart(part)
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(b) {
		return nil
	}
	set := claimSet{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if _, twice := set[name]; err != nil || !ok || twice {
			return nil
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		set[name] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil
	}
	return set
}

// decodePart refuses CR and LF first: Strict still skips them, and one token
// would have many spellings.
func decodePart(s string) []byte {
	if strings.ContainsAny(s, "\r\n") {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// text gives a member that is a string, else "".
func (c claimSet) text(name string) (s string) {
	if v := c[name]; len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil {
		return s
	}
	return ""
}

// number gives a member that is a whole number: 0 if absent, -1 if it is anything else.
func (c claimSet) number(name string) (n int64) {
	v, ok := c[name]
	if ok && (string(v) == "null" || json.Unmarshal(v, &n) != nil) {
		return -1
	}
	return n
}

// typed says whether each of the members is absent or a string. A number where
// a text belongs must not pass for "absent".
func (c claimSet) typed(names ...string) bool {
	for _, n := range names {
		if v, ok := c[n]; ok && v[0] != '"' {
			return false
		}
	}
	return true
}
