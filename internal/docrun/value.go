package docrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// object is a JSON object whose members keep their order, for a reader wants to see them as they come.
type object []member

type member struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

func parse(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := next(d)
	if err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

func next(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := next(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{fmt.Sprint(name), v})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		l := []any{}
		for d.More() {
			v, err := next(d)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		_, err = d.Token()
		return l, err
	}
	return t, nil
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.name)
		b.Write(append(name, ':'))
		b.WriteString(inline(m.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// inline is a value on one line.
func inline(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // what was parsed can be written
	return strings.TrimSpace(b.String())
}

// maxWidth is how wide a line of a document may be.
const maxWidth = 110

// render writes a value for a reader: on one line if it fits, else a line for each member.
func render(v any, indent string) string {
	if line := spaced(v); len(indent)+len(line) <= maxWidth {
		return line
	}
	deeper := indent + "  "
	var parts []string
	begin, end := "{", "}"
	switch v := v.(type) {
	case object:
		for _, m := range v {
			parts = append(parts, deeper+inline(m.name)+": "+render(m.value, deeper))
		}
	case []any:
		begin, end = "[", "]"
		for _, one := range v {
			parts = append(parts, deeper+render(one, deeper))
		}
	default:
		return inline(v)
	}
	return begin + "\n" + strings.Join(parts, ",\n") + "\n" + indent + end
}

// spaced is inline with a blank after each comma and colon.
func spaced(v any) string {
	var parts []string
	switch v := v.(type) {
	case object:
		for _, m := range v {
			parts = append(parts, inline(m.name)+": "+spaced(m.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, one := range v {
			parts = append(parts, spaced(one))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return inline(v)
}
