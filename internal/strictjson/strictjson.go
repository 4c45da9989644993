// Package strictjson reads JSON that comes from outside. It refuses what encoding/json lets
// through and two readers may understand differently: a member twice, data after the end, bad
// UTF-8, deep nesting.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

const maxDepth = 16

// Err never repeats what was sent.
var Err = errors.New("not one JSON value, each member once")

// Unmarshal is encoding/json's, for one strict value.
func Unmarshal(raw []byte, into any) error {
	if !utf8.Valid(raw) {
		return Err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if !once(dec, 0) {
		return Err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Err
	}
	return json.Unmarshal(raw, into)
}

// once reads a value and says whether no member in it stands twice.
func once(dec *json.Decoder, depth int) bool {
	tok, err := dec.Token()
	if err != nil || depth > maxDepth {
		return false
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return true
	}
	seen := map[any]bool{}
	for dec.More() {
		if open == '{' {
			name, err := dec.Token()
			if err != nil || seen[name] {
				return false
			}
			seen[name] = true
		}
		if !once(dec, depth+1) {
			return false
		}
	}
	_, err = dec.Token()
	return err == nil
}
