package events

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"
)

// Envelope version and CloudEvents version that this package reads and writes.
const (
	envelopeMajor = "1"
	specVersion   = "1.0"
	typePrefix    = "tokenstate."
	timeFormat    = "2006-01-02T15:04:05.000Z"
)

var (
	nodePattern     = regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`)
	instancePattern = regexp.MustCompile(`^[A-Za-z0-9-]{0,64}$`)
	idPattern       = regexp.MustCompile(`^[A-Za-z0-9._:/-]{8,128}$`)
	typePattern     = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}( [A-Z][A-Z0-9_]{0,63})?$`)
)

// MaxMessage is the largest message in bytes, the stream's own limit.
const MaxMessage = 64 << 10

// Decode reads one message. Its error is a *RejectError, and only a *RejectError parks.
func Decode(raw []byte) (Message, error) {
	if len(raw) > MaxMessage {
		return Message{}, reject("message", "is larger than 65536 bytes")
	}
	e, err := opened(raw)
	if err != nil {
		return Message{}, err
	}
	at, err := e.check()
	if err != nil {
		return Message{}, err
	}
	body, err := decodeBody(e.Type, e.Data)
	if err != nil {
		return Message{}, err
	}
	return Message{ID: e.ID, Realm: e.Realm, At: at, Node: e.Node, Server: e.Server, Source: e.Source, Body: body}, nil
}

func (e *envelope) check() (Millis, error) {
	at, err := time.Parse(time.RFC3339, e.Time)
	switch {
	case e.SpecVersion != specVersion:
		return 0, reject("specversion", "is not 1.0")
	case e.Version != envelopeMajor:
		return 0, reject("tsversion", "is not 1: a newer program is needed to read this message")
	case !idPattern.MatchString(e.ID):
		return 0, reject("id", "is missing or malformed")
	case err != nil || at.UnixMilli() < 0 || at.Year() > 9999:
		return 0, reject("time", "is not an RFC 3339 time")
	case e.Realm != NoRealm && !ValidRealm(e.Realm):
		return 0, reject("realm", "is not the name of a realm")
	case !nodePattern.MatchString(e.Node):
		return 0, reject("node", "is not a node name")
	case len(e.Server) > 32:
		return 0, reject("server", "is too long")
	}
	return Millis(at.UnixMilli()), nil
}

func decodeBody(typ string, data json.RawMessage) (Body, error) {
	body := newBody(typ)
	if body == nil {
		return nil, reject("type", "is not known")
	}
	if len(data) == 0 || data[0] != '{' {
		return nil, reject("data", "is not an object")
	}
	if err := json.Unmarshal(data, body); err != nil {
		return nil, badType(err)
	}
	if r := body.check(); r != nil {
		return nil, r
	}
	return body, nil
}

// ParseObservation reads the data of an observation that comes by another way than the log: the
// read-only resource of Keycloak's jar answers with such data. Its error is a *RejectError.
func ParseObservation(data []byte) (*Observation, error) {
	if len(data) > MaxMessage {
		return nil, reject("data", "is larger than 65536 bytes")
	}
	if err := checkJSON(data, nil); err != nil {
		return nil, err
	}
	body, err := decodeBody(typePrefix+string(ClassObservation), data)
	if err != nil {
		return nil, err
	}
	o, _ := body.(*Observation) // newBody made it
	return o, nil
}

func newBody(typ string) Body {
	switch typ {
	case typePrefix + string(ClassEvent):
		return &Happened{}
	case typePrefix + string(ClassObservation):
		return &Observation{}
	case typePrefix + string(ClassOrder):
		return &Order{}
	case typePrefix + string(ClassPardon):
		return &Pardon{}
	case typePrefix + string(ClassHeartbeat):
		return &Heartbeat{}
	case typePrefix + string(ClassMark):
		return &Mark{}
	}
	return nil
}

// badType names the member of a wrong JSON type, never its value.
func badType(err error) *RejectError {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field != "" {
		return reject(t.Field, "has the wrong type")
	}
	return reject("message", "is not of the envelope's shape")
}

// Encode writes m. It is the inverse of Decode but for Received, which the log sets.
func Encode(m Message) ([]byte, error) {
	data, err := json.Marshal(m.Body)
	if err != nil {
		return nil, reject("data", "cannot be written as JSON")
	}
	raw, err := json.Marshal(envelope{
		SpecVersion: specVersion, Version: envelopeMajor, ID: m.ID, Source: m.Source,
		Type: typePrefix + string(m.Body.Class()), Time: m.At.Time().Format(timeFormat),
		ContentType: "application/json", Realm: m.Realm, Node: m.Node, Server: m.Server, Data: data,
	})
	if err != nil || len(raw) > MaxMessage {
		return nil, reject("message", "is larger than 65536 bytes or not JSON")
	}
	return raw, nil
}
