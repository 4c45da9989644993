package timeline

import (
	"cmp"
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Tell makes the story: the conclusion of what was asked about first, and all steps, oldest first.
func Tell(t Told, asked Asked) Story {
	r := &replay{told: t}
	steps := merged(r.steps(), t.keySteps())
	for i := range steps {
		steps[i].Changes = append([]Change{}, steps[i].Changes...) // a list is never null
	}
	return Story{Realm: t.Realm, User: t.User, Asked: asked, Conclusion: r.conclude(asked), Steps: append([]Step{}, steps...)}
}

// truth is a Line in the making.
type truth struct {
	what, state, reason, cause string
	ids                        []string
	since                      tokenstate.Millis
	by                         string
	actor                      *events.Actor
	ordered                    bool // by an order of ours, and not in Keycloak
	inDoubt                    bool
	do                         string
}

func (l truth) line() Line {
	return Line{
		l.what, append([]string{}, l.ids...), l.state, text(l.reason), l.since.Instant(), text(l.cause), text(l.by), l.actor,
		l.inDoubt, text(l.do),
	}
}

func (r *replay) conclude(asked Asked) []Line {
	r.facts = tokenstate.Join(r.facts, r.told.Facts)
	all := append(r.keyLines(asked), r.tokenLines()...)
	slices.SortStableFunc(all, func(a, b truth) int { return cmp.Compare(b.about(asked), a.about(asked)) })
	lines := make([]Line, len(all))
	for i, l := range all {
		lines[i] = l.line()
	}
	return lines
}

// about is 1 for the line of what was asked about.
func (l truth) about(asked Asked) int {
	if (asked.Kind == AKey || asked.Kind == Session) && slices.Contains(l.ids, asked.ID) {
		return 1
	}
	return 0
}

// keyLines has a line for the keys of which the same is true. Beside live ones no dead one is told but that which was
// asked about: they end by themselves, and the steps have them.
func (r *replay) keyLines(asked Asked) []truth {
	live := r.keyTruths(func(id string, d apikey.Decision) bool { return !final(d) || id == asked.ID })
	if len(live) > 0 {
		return live
	}
	if dead := r.keyTruths(func(string, apikey.Decision) bool { return true }); len(dead) > 0 {
		return dead
	}
	return []truth{{what: "API keys", state: none}}
}

func (r *replay) keyTruths(told func(id string, d apikey.Decision) bool) (lines []truth) {
	owner := tokenstate.Owner(r.told.Realm, r.told.User, r.facts, r.told.Rules)
	for _, k := range r.told.Keys {
		d := apikey.DecideBy(r.facts, r.told.Rules, k.Record, tokenstate.Seconds(r.told.Now.Unix()))
		if !told(k.ID, d) {
			continue
		}
		l := truth{what: "API keys", state: "admitted", since: d.Since, cause: d.Cause, inDoubt: owner.InDoubt}
		if !d.Active {
			l.state, l.reason = "refused", d.Reason
			if !owner.Active && d.Cause == owner.Cause { // of the owner, so of all their keys
				r.explain(&l, ownerName, words(ownerState(owner), owner.Reason))
			}
			r.byCause(&l)
			l.do = keyAdvice(k.Record, l)
		}
		lines = add(lines, l, k.ID)
	}
	return lines
}

func final(d apikey.Decision) bool {
	return d.Reason == apikey.ReasonRevoked || d.Reason == apikey.ReasonExpired
}

func (r *replay) tokenLines() (lines []truth) {
	for _, t := range r.told.Tokens {
		v := tokenstate.Judge(t, r.facts, r.told.Rules)
		l := truth{
			what: "offline tokens of " + t.ClientID, state: v.State.String(), reason: v.Reason, since: v.Since, cause: v.Cause,
			inDoubt: v.InDoubt,
		}
		if v.State != tokenstate.Usable {
			r.explain(&l, tokenName(t), words(v.State.String(), v.Reason))
			r.byCause(&l)
			l.do = tokenAdvice(l)
		}
		lines = add(lines, l, t.Session)
	}
	if len(r.told.Tokens) == 0 {
		return []truth{{what: "offline tokens", state: none, do: "nothing, if only keys are used; otherwise a login with offline_access whose token is stored"}}
	}
	return lines
}

// add puts an id into the line of the same truth, or begins one.
func add(lines []truth, l truth, id string) []truth {
	for i, o := range lines {
		if o.what == l.what && o.state == l.state && o.reason == l.reason && o.cause == l.cause && o.inDoubt == l.inDoubt {
			lines[i].ids = append(lines[i].ids, id)
			return lines
		}
	}
	l.ids = []string{id}
	return append(lines, l)
}

// none is of which nothing is stored.
const none = "none"

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
