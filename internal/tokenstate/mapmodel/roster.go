package mapmodel

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// absences are the closures of t by what looks saw of its session.
func (f Facts) absences(t Token, r Rules) []closure {
	listed := f.Sightings[SightingKey{Seat: seat(t)}]
	if t.Client == "" {
		listed = nil
	}
	cs := f.ended(t, listed, r)
	if len(cs) == 0 { // a named end says more than plain absence, which the same look shows too
		cs = f.missing(t, listed, r)
	}
	return append(cs, restarted(t, listed, r)...)
}

// ended: a session that a death-class event at second N named and the look showed absent is
// gone(N), so tokens with iat <= N are dead, until a later look lists it again. Never final:
// the same sid came back within the second, and the old token with it (keycloak.md A7).
func (f Facts) ended(t Token, listed PerNode[Sighting], r Rules) []closure {
	var cs []closure
	for _, seat := range []Scope{seat(t), {Realm: t.Realm, Session: t.Session}} {
		for node, g := range f.Sightings[SightingKey{Seat: seat, Gone: true}] {
			if t.IssuedAt <= g.Second && !listedAfter(listed, node, g.At, r) {
				cs = append(cs, closure{state: tokenstate.Revoked, reason: tokenstate.ReasonSessionEnded, since: g.At, cause: g.Cause})
			}
		}
		if t.Client == "" {
			break
		}
	}
	return cs
}

// listedAfter: a later look of the same node, or a surely later one of another.
func listedAfter(listed PerNode[Sighting], node string, at Millis, r Rules) bool {
	for n, l := range listed {
		if surelyLater(r, n, l.At, at) || n == node && !nobody(n) && l.At > at {
			return true
		}
	}
	return false
}

// missing: other absence counts late, because a new session is written in a second
// transaction after its event (measured: a look at once misses it in 74 of 100 cases). A token
// is dead only if it was older than the margin when a look that covers it did not list it.
func (f Facts) missing(t Token, listed PerNode[Sighting], r Rules) []closure {
	if t.Client == "" {
		return nil
	}
	var cs []closure
	for _, s := range f.provenBy(t, r) {
		for node, look := range f.Looks[s] {
			if t.IssuedAt.Millis() > look.At-r.Margin || seenSince(listed, node, look.At, r) {
				continue
			}
			cs = append(cs, closure{state: tokenstate.Revoked, reason: tokenstate.ReasonSessionAbsent, since: look.At, cause: look.Cause})
		}
	}
	return cs
}

// seenSince: listed by that very look or a later one of its node, or surely later by another.
func seenSince(listed PerNode[Sighting], node string, at Millis, r Rules) bool {
	for n, l := range listed {
		if surelyLater(r, n, l.At, at) || n == node && (l.At == at || !nobody(n) && l.At > at) {
			return true
		}
	}
	return false
}

// coverage: the scopes of looks that would have listed t.
func coverage(t Token) []Scope {
	r := t.Realm
	return []Scope{
		{Realm: r, User: t.User},
		{Realm: r, User: t.User, Client: t.Client},
		{Realm: r, Session: t.Session},
		{Realm: r, Client: t.Client, Session: t.Session},
	}
}

// provenBy are the scopes a look at which proves t's session absent. That a user whom Keycloak does not have has no
// sessions proves nothing, while it is not known whose session it is.
func (f Facts) provenBy(t Token, r Rules) []Scope {
	if !f.ownerless(t, r) {
		return coverage(t)
	}
	return slices.DeleteFunc(coverage(t), func(s Scope) bool { return s.User != "" })
}

// restarted is Keycloak's own rule for a session made anew under the same sid: dead if
// iat + 1 < start of the client session (keycloak.md A7, measured on 26.7.3). The admin API shows
// the user session's start only, which is the same or earlier, so the greatest that looks have
// shown is the nearest to the truth, unless a node has listed another start since.
func restarted(t Token, listed PerNode[Sighting], r Rules) []closure {
	var last Sighting
	for node, l := range listed {
		if elsewhere, _ := startElsewhere(t, listed, node, l.At, r); elsewhere || !startedBefore(t, l) {
			continue
		}
		if l.Start > last.Start || l.Start == last.Start && earlierSighting(last, l) {
			last = l
		}
	}
	if last.Start == 0 {
		return nil
	}
	return []closure{{state: tokenstate.Revoked, reason: tokenstate.ReasonSessionRestart, since: last.Start.Millis(), cause: last.Cause}}
}

// startedBefore: t was issued before the session that l lists began.
func startedBefore(t Token, l Sighting) bool { return t.IssuedAt+1 < l.Start }

// startElsewhere: a node lists t's session with a start that t fits, and the listing of another one is not surely
// later; surely: it is earlier. A node whose clock is behind may make a session anew with an earlier start than the one
// before it had, so the greatest start would be a verdict that nothing takes back.
func startElsewhere(t Token, listed PerNode[Sighting], node string, at Millis, r Rules) (so, surely bool) {
	for n, o := range listed {
		if !nobody(n) && o.Start > 0 && !startedBefore(t, o) {
			so, surely = so || !surelyLater(r, node, at, o.At), surely || surelyLater(r, n, o.At, at)
		}
	}
	return so, surely
}

// startDisputed: nodes list t's session with different starts, t fits one and not the other, and nothing tells which
// is the later. Keycloak decides.
func (f Facts) startDisputed(t Token, r Rules) bool {
	if t.Client == "" {
		return false
	}
	listed := f.Sightings[SightingKey{Seat: seat(t)}]
	for node, l := range listed {
		if so, surely := startElsewhere(t, listed, node, l.At, r); so && !surely && startedBefore(t, l) {
			return true
		}
	}
	return false
}
