package events

import "time"

// Millis is a point in time in milliseconds since the Unix epoch: the unit of Keycloak's events.
type Millis int64

// Seconds is a point in time in whole seconds since the Unix epoch: the unit of iat and of
// every not-before, which Keycloak compares as seconds (keycloak.md C).
type Seconds int64

// Second is the second that contains m, rounded down.
func (m Millis) Second() Seconds { return Seconds(m / 1000) }

// Time is m in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Instant is m as JSON has it; nil for 0, which says that there is none.
func (m Millis) Instant() *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// Millis is the first millisecond of s.
func (s Seconds) Millis() Millis { return Millis(s) * 1000 }

// Time is s in UTC.
func (s Seconds) Time() time.Time { return time.Unix(int64(s), 0).UTC() }

// Message is one message of the log.
type Message struct {
	ID    string // message id, unique in the log: Keycloak's event UUID plus /l or /b, or a UUID of its own
	Realm string // its name, or the alias that it was given; "_" for heartbeats and marks
	// At is the clock of the Keycloak node that spoke. It may be wrong: see Received.
	At Millis
	// Received is the log's own time, set by Arrived; 0 until then. The sender cannot choose it.
	Received Millis
	Node     string // the Keycloak node; "" for a look over the admin API, which counts as nobody's
	Server   string // Keycloak's version; "" when not known
	Source   Source
	Body     Body
}

// Source says who wrote a message.
type Source string

// The sources of the envelope's version 1.
const (
	Listener Source = "urn:tokenstate:listener" // inside Keycloak, after the commit
	Backfill Source = "urn:tokenstate:backfill" // Keycloak's event store, read by the worker
	// Look is asked by the worker: over the admin API, or through the resource of a node's jar, whose node it then bears.
	Look     Source = "urn:tokenstate:look"
	Authapi  Source = "urn:tokenstate:authapi"
	Operator Source = "urn:tokenstate:operator"
	Worker   Source = "urn:tokenstate:worker"
	Foreign  Source = "urn:tokenstate:foreign" // somebody else's publisher: raises doubts, never final
)

// Committed reports whether what the source says has surely been committed in Keycloak, so
// that a deletion it reports is final.
func (s Source) Committed() bool { return s == Listener || s == Backfill }

// NoRealm stands where a message belongs to no realm.
const NoRealm = "_"

// Class is the kind of a message and the fourth token of its subject.
type Class string

// The classes of the log.
const (
	ClassEvent       Class = "event"
	ClassObservation Class = "observation"
	ClassOrder       Class = "order"
	ClassPardon      Class = "pardon"
	ClassHeartbeat   Class = "heartbeat"
	ClassMark        Class = "mark"
)

// Body is one of *Happened, *Observation, *Order, *Pardon, *Heartbeat, *Mark.
type Body interface {
	Class() Class
	name() string // last token of the subject
	check() *RejectError
}
