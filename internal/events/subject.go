package events

import (
	"errors"
	"strings"
)

// SubjectPrefix begins the subject of every message; the 1 is the envelope's major version.
const SubjectPrefix = "tokenstate.v1."

// Subject is where m is published. No token of it comes from data as it is: the realm is encoded,
// node is a name that the schema restricts, the rest are enumerations. (An id in a subject would let
// whoever chooses ids choose subjects.) What the worker tells of Keycloak lies a token deeper than what the
// listener does, under a name of its source: the listener has no right to that.
func Subject(m Message) string {
	name := m.Body.name()
	if name == "" {
		name = m.Node
	}
	subject := SubjectPrefix + RealmToken(m.Realm) + "." + string(m.Body.Class()) + "." + name
	if source := sourceToken(m); source != "" {
		subject += "." + source
	}
	return subject
}

// sourceToken ends the subject of what the worker tells of Keycloak; "" for all else.
func sourceToken(m Message) string {
	class := m.Body.Class()
	if class != ClassEvent && class != ClassObservation {
		return ""
	}
	if m.Source != Backfill && m.Source != Look && m.Source != Worker {
		return ""
	}
	return strings.TrimPrefix(string(m.Source), "urn:tokenstate:")
}

// Arrived is m as the log delivered it: with the log's own time, and refused when it lies on
// a subject of another realm, class or source. Publish rights are granted by subject, so without this
// check whoever may publish events could publish pardons, or what the worker alone may say.
func Arrived(m Message, subject string, received Millis) (Message, error) {
	rest, ok := strings.CutPrefix(subject, SubjectPrefix)
	parts := strings.Split(rest, ".")
	source := sourceToken(m)
	if source == "" && len(parts) == 4 || source != "" && len(parts) == 3 {
		return Message{}, reject("source", "differs from the subject's")
	}
	if source != "" && len(parts) == 4 {
		if parts[3] != source {
			return Message{}, reject("source", "differs from the subject's")
		}
		parts = parts[:3]
	}
	if !ok || len(parts) != 3 {
		return Message{}, reject("subject", "is not of the form tokenstate.v1.<realm>.<class>.<name>[.<source>]")
	}
	if parts[0] != RealmToken(m.Realm) {
		return Message{}, reject("realm", "differs from the subject's")
	}
	if parts[1] != string(m.Body.Class()) {
		return Message{}, reject("type", "differs from the subject's class")
	}
	m.Received = received
	return m, nil
}

// RejectError says why a message cannot be decoded. It is the only error that parks a message, and
// it never repeats what the message said.
type RejectError struct{ Member, Reason string }

func (r *RejectError) Error() string { return "message refused: " + r.Member + " " + r.Reason }

func reject(member, reason string) *RejectError { return &RejectError{member, reason} }

// IsReject reports whether err parks the message.
func IsReject(err error) bool {
	var r *RejectError
	return errors.As(err, &r)
}
