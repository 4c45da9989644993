package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
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
// value that is a text, and what it finds is a fault, too; nil: any text will do. It must not keep what it is shown.
func Check(raw []byte, text func([]byte) error) error { return CheckObject(raw, text, nil) }

// CheckObject is Check, and shows each member of raw itself, if that is an object: its name, and the JSON of its value,
// which is a part of raw. What is shown before a fault is found must not be used.
func CheckObject(raw []byte, text func([]byte) error, member func(name, value []byte)) error {
	switch {
	case !utf8.Valid(raw):
		return errUTF8
	case !json.Valid(raw):
		return invalid(raw)
	}
	return (&checker{raw, text, member}).value(0)
}

func invalid(raw []byte) error {
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&first) == nil {
		return errTrailer
	}
	return errSyntax
}

// checker walks over what is known to be JSON: encoding/json's own tokens cost more than all the rest of reading a message.
type checker struct {
	rest   []byte
	text   func([]byte) error
	member func(name, value []byte) // of the outermost object; nil: nobody asks
}

func (c *checker) value(depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	switch c.next() {
	case '{', '[':
		return c.inside(depth)
	case '"':
		if text := c.quoted(); c.text != nil {
			return c.text(text)
		}
		return nil
	}
	end := bytes.IndexAny(c.rest, ",]} \t\r\n") // of a number, or a word
	if end < 0 {
		end = len(c.rest)
	}
	c.rest = c.rest[end:]
	return nil
}

// inside reads an object or array to its end.
func (c *checker) inside(depth int) error {
	object := c.rest[0] == '{'
	c.rest = c.rest[1:]
	var seen namesSeen
	for {
		switch c.next() {
		case ',':
			c.rest = c.rest[1:]
			continue
		case ']', '}':
			c.rest = c.rest[1:]
			return nil
		}
		var name []byte
		if object {
			if name = c.quoted(); seen.twice(name) {
				return errTwice
			}
			c.next()
			c.rest = c.rest[1:] // the colon
			c.next()
		}
		value := c.rest
		if err := c.value(depth + 1); err != nil {
			return err
		}
		if object && depth == 0 && c.member != nil {
			c.member(name, value[:len(value)-len(c.rest)])
		}
	}
}

// next is the first byte behind blanks.
func (c *checker) next() byte {
	for c.rest[0] == ' ' || c.rest[0] == '\t' || c.rest[0] == '\r' || c.rest[0] == '\n' {
		c.rest = c.rest[1:]
	}
	return c.rest[0]
}

// quoted reads a text.
func (c *checker) quoted() []byte {
	end, escaped := 1, false
	for ; c.rest[end] != '"'; end++ {
		if c.rest[end] == '\\' {
			escaped = true
			end++
		}
	}
	text := c.rest[1:end]
	if escaped {
		var read string
		_ = json.Unmarshal(c.rest[:end+1], &read) // it is a text
		text = []byte(read)
	}
	c.rest = c.rest[end+1:]
	return text
}

// namesSeen are the names that an object has had.
type namesSeen struct {
	few  [16][]byte
	n    int // of them
	many map[string]bool
}

// twice notes a name, and says whether it was there. To look at each before is quicker as long as they are few.
func (m *namesSeen) twice(name []byte) bool {
	for _, before := range m.few[:m.n] {
		if bytes.Equal(before, name) {
			return true
		}
	}
	switch {
	case m.n < len(m.few):
		m.few[m.n] = name
		m.n++
	case m.many == nil:
		m.many = map[string]bool{string(name): true}
	case m.many[string(name)]:
		return true
	default:
		m.many[string(name)] = true
	}
	return false
}
