package sim

import (
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// check compares, once nobody is due any more, each verdict with the model's answer.
func (r *run) check(seed uint64) {
	r.settle(seed)
	r.compareAll(r.held)
}

func (r *run) compareAll(held []held) {
	for _, t := range held {
		if r.silent[t.user] {
			continue // a sweep will tell
		}
		v := r.judge(t.token)
		if v.State == tokenstate.Usable && r.restartUnseen(t) {
			r.result.hidden++
			continue
		}
		r.compare(r.usable(t), v.State == tokenstate.Usable, v.InDoubt, func() string {
			return fmt.Sprintf("at %d: %+v is %s %s by %s, since %d", r.now-epoch, t.token, v.State, v.Reason, v.Cause, v.Since-epoch)
		})
	}
	for u := range userCount {
		if r.silent[u] {
			continue
		}
		o := r.owner(name("u", u))
		r.compare(r.at().ownerActive(u) && !r.backend[u], o.Active, o.InDoubt, func() string {
			return fmt.Sprintf("at %d: keys of %s: active %v %s by %s, since %d", r.now-epoch, name("u", u), o.Active, o.Reason, o.Cause, o.Since-epoch)
		})
	}
}

// restartUnseen: t is dead for nothing but the start of its client's session, which the admin API does not show,
// and no look that reads rows has come since. Nothing in the log tells it; a refusal will (docs/simulator.md).
func (r *run) restartUnseen(t held) bool {
	s := r.at()
	start := s.sessions[t.session].seats[t.client]
	if t.token.IssuedAt+1 >= start || t.token.IssuedAt+1 < s.sessions[t.session].start {
		return false
	}
	for _, m := range r.log {
		if o, ok := m.Body.(*events.Observation); ok && m.Node != "" {
			for _, ro := range o.Rosters {
				if slices.Contains(ro.Sessions, events.ClientSession{
					Session: t.token.Session, Client: t.token.Client, ClientID: s.clients[t.client].id(t.client), Start: start,
				}) {
					return false
				}
			}
		}
	}
	return true
}

func (r *run) compare(want, got, inDoubt bool, what func() string) {
	r.result.compared++
	switch {
	case inDoubt:
		r.result.inDoubt++
	case want && !got:
		r.result.falseRevoked = append(r.result.falseRevoked, what())
	case got && !want:
		r.result.falseUsable = append(r.result.falseUsable, what())
	}
}

// usable is what a verdict should say: Keycloak's answer, and what was ordered or reported besides.
func (r *run) usable(t held) bool {
	for _, o := range r.orders {
		if o.reaches(t.token) {
			return false
		}
	}
	return r.at().refreshes(t) && !t.refused && !r.backend[t.user]
}
