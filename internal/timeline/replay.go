package timeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	ownerName   = "owner of keys"
	neverLooked = "never looked at"
)

func tokenName(t tokenstate.Token) string {
	return "token of " + t.ClientID + " in session " + t.Session
}

// said is the verdict of one token, or of the owner.
type said struct {
	words string // state and reason
	doubt bool
}

func (s said) String() string {
	if s.doubt {
		return s.words + ", in doubt"
	}
	return s.words
}

// replay learns the messages again, one by one.
type replay struct {
	told  Told
	facts tokenstate.Facts
	was   map[string]said
	// since is the message that made a verdict what it is, doubt aside.
	since map[string]events.Message
}

// steps tells what each message changed.
func (r *replay) steps() (steps []Step) {
	r.facts, r.since = tokenstate.NewFacts(), map[string]events.Message{}
	r.was = map[string]said{ownerName: {words: neverLooked}}
	for _, m := range r.told.Messages {
		r.begin(m)
		r.facts.Learn(m)
		s := Step{
			At: m.At.Time(), Received: m.Received.Time(), ID: m.ID, From: strings.TrimPrefix(string(m.Source), "urn:tokenstate:"),
			What: Describe(m), Actor: actorOf(m), Changes: r.changes(m), look: m.Body.Class() == events.ClassObservation,
			deed: m.Body.Class() == events.ClassOrder || m.Body.Class() == events.ClassPardon,
		}
		if h, ok := m.Body.(*events.Happened); ok {
			s.event = h.Event
		}
		if len(s.Changes) > 0 || !slices.Equal(m.About(), []string{events.Everyone}) {
			steps = append(steps, s) // what concerns everybody is told only if it mattered here
		}
		if s.shown() {
			r.causes(m, steps)
		}
	}
	return steps
}

// causes has the events be told that a look was taken for which changed something: they are what somebody did.
func (r *replay) causes(m events.Message, steps []Step) {
	o, look := m.Body.(*events.Observation)
	if !look {
		return
	}
	for _, c := range o.Causes {
		for i := range steps {
			steps[i].deed = steps[i].deed || steps[i].event == c.Event
		}
	}
}

// begin lets a token be told of from the first message on that is later than its issue, or names its session: before
// that there was none, whatever would have been said of it.
func (r *replay) begin(m events.Message) {
	names := m.About()
	for _, t := range r.told.Tokens {
		_, begun := r.was[tokenName(t)]
		if !begun && (m.At.Second() >= t.IssuedAt || slices.Contains(names, t.Session)) {
			r.was[tokenName(t)] = r.verdict(t)
		}
	}
}

// changes compares with what was said before m. What made a verdict what it is stays known while only doubts change.
func (r *replay) changes(m events.Message) (changes []Change) {
	is := r.verdicts()
	for _, k := range slices.Sorted(maps.Keys(is)) {
		was := r.was[k]
		if was.words != is[k].words {
			r.since[k] = m
		}
		if was != is[k] {
			changes = append(changes, Change{k, was.String(), is[k].String()})
		}
	}
	r.was = is
	return changes
}

// verdicts are of the owner, and of the tokens that have begun.
func (r *replay) verdicts() map[string]said {
	out := map[string]said{}
	for _, t := range r.told.Tokens {
		if _, begun := r.was[tokenName(t)]; begun {
			out[tokenName(t)] = r.verdict(t)
		}
	}
	o := tokenstate.Owner(r.told.Realm, r.told.User, r.facts, r.told.Rules)
	out[ownerName] = said{words(ownerState(o), o.Reason), o.InDoubt}
	return out
}

func (r *replay) verdict(t tokenstate.Token) said {
	v := tokenstate.Judge(t, r.facts, r.told.Rules)
	return said{words(v.State.String(), v.Reason), v.InDoubt}
}

func ownerState(o tokenstate.Ownership) string {
	switch {
	case !o.Active:
		return "closed"
	case !o.Known:
		return neverLooked
	default:
		return "active"
	}
}

func words(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + " (" + reason + ")"
}
