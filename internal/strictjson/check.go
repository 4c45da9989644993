package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

const maxDepth = 16

// What Check finds. None of these repeats what was sent.
var (
	errUTF8    = errors.New("is not UTF-8")
	errSyntax  = errors.New("is not JSON")
	errDepth   = errors.New("is nested too deeply")
	errTwice   = errors.New("has a member twice")
	errTrailer = errors.New("has data after its end")
)

// Check says which rule raw breaks, as the end of a sentence about it; nil if it breaks none. text is asked about each
// value that is a text, and what it finds is a fault, too; nil: any text will do.
func Check(raw []byte, text func(string) error) error {
	if !utf8.Valid(raw) {
		return errUTF8
	}
	c := checker{json.NewDecoder(bytes.NewReader(raw)), text}
	c.dec.UseNumber()
	if err := c.value(0); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailer
	}
	return nil
}

type checker struct {
	dec  *json.Decoder
	text func(string) error
}

func (c checker) value(depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	tok, err := c.dec.Token()
	if err != nil {
		return errSyntax
	}
	switch v := tok.(type) {
	case string:
		if c.text != nil {
			return c.text(v)
		}
	case json.Delim:
		return c.inside(v, depth)
	}
	return nil
}

// inside reads what stands in an object or array to its end.
func (c checker) inside(open json.Delim, depth int) error {
	seen := map[json.Token]bool{}
	for c.dec.More() {
		if open == '{' {
			name, err := c.dec.Token()
			if err != nil {
				return errSyntax
			}
			if seen[name] {
				return errTwice
			}
			seen[name] = true
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	if _, err := c.dec.Token(); err != nil {
		return errSyntax
	}
	return nil
}
