package logouttoken

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

const maxDepth = 8

var errJSON = errors.New("not strict JSON")

// strict decodes one JSON value. A member twice, of which two readers may take different ones,
// deep nesting, trailing data and bad UTF-8 are refused.
func strict(raw []byte, into any) error {
	if !utf8.Valid(raw) {
		return errJSON
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if !once(dec, 0) {
		return errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errJSON
	}
	if json.Unmarshal(raw, into) != nil {
		return errJSON
	}
	return nil
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
