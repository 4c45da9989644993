package timeline

import "github.com/tokenstate/tokenstate/internal/events"

// explain dates a verdict by the message that made it what it is. The verdict itself names the latest look that
// saw the same again: of a disabled user there is one every few minutes.
func (r *replay) explain(l *truth, name, now string) {
	m, there := r.since[name]
	if !there || r.was[name].words != now {
		return // the journal does not tell how it came to this
	}
	first := r.firstCause(m)
	l.cause, l.since = causeOf(first), first.At
}

// firstCause is the event that a look was taken for, if the journal has it.
func (r *replay) firstCause(m events.Message) events.Message {
	o, look := m.Body.(*events.Observation)
	if !look {
		return m
	}
	for _, c := range o.Causes {
		if e, there := r.message(c.Event); there {
			return e
		}
	}
	return m
}

// byCause says what was done and by whom, if the journal has the message.
func (r *replay) byCause(l *truth) {
	m, there := r.message(l.cause)
	if !there {
		return
	}
	l.by, l.actor, l.ordered = Describe(m), actorOf(m), m.Body.Class() == events.ClassOrder
}

// message is the one that a cause names: by its own id, or by Keycloak's of the event in it.
func (r *replay) message(cause string) (events.Message, bool) {
	for _, m := range r.told.Messages {
		if cause != "" && (m.ID == cause || causeOf(m) == cause) {
			return m, true
		}
	}
	return events.Message{}, false
}

// causeOf is how verdicts name a message.
func causeOf(m events.Message) string {
	if h, ok := m.Body.(*events.Happened); ok {
		return h.Event
	}
	return m.ID
}
