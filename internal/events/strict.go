package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// MaxMessage is the largest message in bytes, the stream's own limit.
	MaxMessage = 64 << 10
	maxDepth   = 16
)

// checkJSON refuses what encoding/json would let through: duplicate members (the last one
// would win, and two readers may disagree on which), trailing data, deep nesting, bad UTF-8.
func checkJSON(raw []byte) error {
	if !utf8.Valid(raw) {
		return reject("message", "is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := checkValue(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return reject("message", "has data after its end")
	}
	return nil
}

func checkValue(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return reject("message", "is nested too deeply")
	}
	tok, err := dec.Token()
	if err != nil {
		return reject("message", "is not JSON")
	}
	if text, ok := tok.(string); ok && strings.ContainsRune(text, 0) {
		// Postgres cannot store it in a text, and no id of Keycloak's has one.
		return reject("message", "has a NUL in a text")
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			if err := checkMember(dec, seen); err != nil {
				return err
			}
		}
		if err := checkValue(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return reject("message", "is not JSON")
	}
	return nil
}

func checkMember(dec *json.Decoder, seen map[string]bool) error {
	tok, err := dec.Token()
	if err != nil {
		return reject("message", "is not JSON")
	}
	name, _ := tok.(string)
	if seen[name] {
		return reject("message", "has a member twice")
	}
	seen[name] = true
	return nil
}
