package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrForm says that a stored value is not of the form that this program writes.
var ErrForm = errors.New("a stored value is of another form than this program's: another version wrote it")

// Stored reads back what a program of ours has stored. The value must have exactly the members that
// we would write: json.Unmarshal leaves a member that is missing at its zero value, and to read a
// disabled user's row as an enabled user's must not be possible.
func Stored[T any](raw []byte) (v T, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, fmt.Errorf("%w: %w", ErrForm, err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if members(raw) != members(again) {
		return v, fmt.Errorf("%w: a member is missing", ErrForm)
	}
	return v, nil
}

// members counts the members of all objects in a valid value: the colons outside of texts.
func members(raw []byte) (n int) {
	text := false
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == '"':
			text = !text
		case raw[i] == '\\' && text:
			i++
		case raw[i] == ':' && !text:
			n++
		}
	}
	return n
}
