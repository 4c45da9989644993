package events

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// envelope is the wire form: CloudEvents 1.0 in JSON, see envelope.schema.json.
type envelope struct {
	SpecVersion string          `json:"specversion"`
	Version     string          `json:"tsversion"`
	ID          string          `json:"id"`
	Source      Source          `json:"source"`
	Type        string          `json:"type"`
	Time        string          `json:"time"`
	ContentType string          `json:"datacontenttype,omitempty"`
	Realm       string          `json:"realm"`
	Node        string          `json:"node,omitempty"`
	Server      string          `json:"server,omitempty"`
	Data        json.RawMessage `json:"data"`
}

// opened is the envelope of a message. Nearly all are written by our own programs, and are read while they are checked;
// encoding/json reads what is not as plain as theirs: other members, names in other letters, escapes, other types.
func opened(raw []byte) (e envelope, err error) {
	plain := true
	err = checkJSON(raw, func(name, value []byte) { plain = e.take(string(name), value) && plain })
	if err == nil && (!plain || e.Type == "") { // an array has no members
		e = envelope{}
		if err := json.Unmarshal(raw, &e); err != nil {
			return e, badType(err)
		}
	}
	return e, err
}

// take reads a member, if it is a plain one.
func (e *envelope) take(name string, value []byte) (plain bool) {
	if name == "data" {
		e.Data = value
		return true
	}
	to := e.text(name)
	if to == nil || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return false
	}
	*to = string(value[1 : len(value)-1])
	return true
}

func (e *envelope) text(name string) *string {
	switch name {
	case "specversion":
		return &e.SpecVersion
	case "tsversion":
		return &e.Version
	case "id":
		return &e.ID
	case "source":
		return (*string)(&e.Source)
	case "type":
		return &e.Type
	case "time":
		return &e.Time
	case "datacontenttype":
		return &e.ContentType
	case "realm":
		return &e.Realm
	case "node":
		return &e.Node
	case "server":
		return &e.Server
	}
	return nil
}

// errNUL refuses what Postgres cannot store in a text; no id of Keycloak's has one.
var errNUL = errors.New("has a NUL in a text")

// checkJSON refuses what two readers may understand differently (strictjson), and what cannot be stored.
func checkJSON(raw []byte, member func(name, value []byte)) error {
	err := strictjson.CheckObject(raw, func(text []byte) error {
		if bytes.IndexByte(text, 0) >= 0 {
			return errNUL
		}
		return nil
	}, member)
	if err != nil {
		return reject("message", err.Error())
	}
	return nil
}
