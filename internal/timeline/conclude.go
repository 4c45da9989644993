package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Tell makes the story: the conclusion of what was asked about first, and all steps, oldest first.
func Tell(t Told, asked Asked) Story {
	r := &replay{told: t}
	steps := merged(r.steps(), t.keySteps())
	return Story{Realm: t.Realm, User: t.User, Asked: asked, Conclusion: r.conclude(asked), Steps: append([]Step{}, steps...)}
}

func (r *replay) conclude(asked Asked) []Line {
	r.facts = tokenstate.Join(r.facts, r.told.Facts)
	lines := append(r.keyLines(asked), r.tokenLines()...)
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(b.about(asked), a.about(asked)) })
	return lines
}

// about is 1 for the line of what was asked about.
func (l Line) about(asked Asked) int {
	if (asked.Kind == AKey || asked.Kind == Session) && slices.Contains(l.IDs, asked.ID) {
		return 1
	}
	return 0
}

// keyLines has a line for the keys of which the same is true. Of many dead ones only that which was asked about is
// told: they end by themselves, and the steps have them.
func (r *replay) keyLines(asked Asked) (lines []Line) {
	owner := tokenstate.Owner(r.told.Realm, r.told.User, r.facts, r.told.Rules)
	for _, k := range r.told.Keys {
		d := apikey.DecideBy(r.facts, r.told.Rules, k.Record, tokenstate.Seconds(r.told.Now.Unix()))
		if final(d) && k.ID != asked.ID {
			continue
		}
		l := Line{What: "API keys", State: "admitted", Since: instant(d.Since), EventID: d.Cause, InDoubt: owner.InDoubt}
		if !d.Active {
			l.State, l.Reason = "refused", d.Reason
			if d.Cause == owner.Cause { // of the owner, so of all their keys
				r.explain(&l, ownerName, words(ownerState(owner), owner.Reason))
			}
			r.byCause(&l)
			l.Do = keyAdvice(k.Record, l)
		}
		lines = add(lines, l, k.ID)
	}
	if len(lines) == 0 {
		return []Line{{What: "API keys", IDs: []string{}, State: "none"}}
	}
	return lines
}

func final(d apikey.Decision) bool {
	return d.Reason == apikey.ReasonRevoked || d.Reason == apikey.ReasonExpired
}

func (r *replay) tokenLines() (lines []Line) {
	for _, t := range r.told.Tokens {
		v := tokenstate.Judge(t, r.facts, r.told.Rules)
		l := Line{What: "offline tokens of " + t.ClientID, State: v.State.String(), Reason: v.Reason, Since: instant(v.Since), EventID: v.Cause, InDoubt: v.InDoubt}
		if v.State != tokenstate.Usable {
			r.explain(&l, tokenName(t), words(v.State.String(), v.Reason))
			r.byCause(&l)
			l.Do = tokenAdvice(l)
		}
		lines = add(lines, l, t.Session)
	}
	if len(r.told.Tokens) == 0 {
		return []Line{{What: "offline tokens", IDs: []string{}, State: "none", Do: "have the user log in with the scope offline_access, and store the token"}}
	}
	return lines
}

// add puts an id into the line of the same truth, or begins one.
func add(lines []Line, l Line, id string) []Line {
	for i, o := range lines {
		if o.What == l.What && o.State == l.State && o.Reason == l.Reason && o.EventID == l.EventID && o.InDoubt == l.InDoubt {
			lines[i].IDs = append(o.IDs, id)
			return lines
		}
	}
	l.IDs = []string{id}
	return append(lines, l)
}

// explain dates a verdict by the message that made it what it is. The verdict itself names the latest look that
// saw the same again: of a disabled user there is one every few minutes.
func (r *replay) explain(l *Line, name, now string) {
	m, there := r.since[name]
	if !there || r.was[name].words != now {
		return // the journal does not tell how it came to this
	}
	first := r.firstCause(m)
	l.EventID, l.Since = causeOf(first), instant(first.At)
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
func (r *replay) byCause(l *Line) {
	m, there := r.message(l.EventID)
	if !there {
		return
	}
	l.By, l.Actor, l.ordered = Describe(m), actorOf(m), m.Body.Class() == events.ClassOrder
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

func instant(m tokenstate.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}
