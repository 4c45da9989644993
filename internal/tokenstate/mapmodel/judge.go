package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Judge says whether Keycloak would refresh t, as far as f knows.
func Judge(t Token, f Facts, r Rules) Verdict {
	named := t.User // as whoever stored the token calls them
	t = f.resolve(t)
	v := Verdict{
		State: tokenstate.Usable, CheckedAt: f.checkedAt(t, r),
		InDoubt: f.inDoubt(t, r) || f.ripensAt(t, r) > 0 || f.startDisputed(t, r),
	}
	var cs []closure
	cs = append(cs, f.cutoffs(t, r)...)
	cs = append(cs, f.standings(t, r)...)
	cs = append(cs, f.absences(t, r)...)
	if t.User != named {
		t.User = named
		cs = append(cs, f.asNamed(t, r)...)
	}
	cs = append(cs, f.refused(t)...)
	if w, ok := worst(cs); ok {
		v.State, v.Reason, v.Since, v.Cause, v.RetryAt = w.state, w.reason, w.since, w.cause, w.retry
	}
	return v
}

// resolve finds whose session the token's is, and the client's UUID where the token was stored before it was known.
func (f Facts) resolve(t Token) Token {
	t = f.withClient(t)
	t.User = f.OwnerOf(t)
	return t
}

// withClient is t with the UUID of the only client of the realm that now carries the token's client_id.
func (f Facts) withClient(t Token) Token {
	if t.Client != "" {
		return t
	}
	for s, nodes := range f.Standings {
		if s.Scope.Realm != t.Realm || s.Scope.Client == "" || s.Scope.User != "" {
			continue
		}
		if name := currentName(nodes); name == t.ClientID && (t.Client == "" || s.Scope.Client < t.Client) {
			t.Client = s.Scope.Client
		}
	}
	if t.Client == "" {
		var last Sighting
		for _, s := range f.Sightings[SightingKey{Seat: Scope{Realm: t.Realm, Client: t.ClientID, Key: "client_id"}}] {
			if last.Owner == "" || earlierSighting(last, s) {
				last = s
			}
		}
		t.Client = last.Owner
	}
	return t
}

func currentName(nodes PerNode[Standing]) string {
	var best Standing
	for _, s := range nodes {
		if s.ClientID != "" && earlierStanding(best, s) {
			best = s
		}
	}
	return best.ClientID
}

func (f Facts) cutoffs(t Token, r Rules) []closure { return f.cutoffsOf(scopes(t), t, r) }

func (f Facts) cutoffsOf(scopes []Scope, t Token, r Rules) []closure {
	var cs []closure
	for _, s := range scopes {
		for cause, c := range f.Cutoffs[s] {
			if _, pardoned := f.Pardons[cause]; pardoned || !c.Tokens || t.IssuedAt >= reaches(c, r) || !f.counts(s, c, r) {
				continue
			}
			cs = append(cs, closure{state: tokenstate.Revoked, reason: c.Reason, since: c.At, cause: cause})
		}
	}
	return cs
}

// reaches is the second before which tokens are cut. What an event of Keycloak cuts was dated by
// the clock of one node, and a token that another issued afterwards may carry an earlier second:
// for that a cutoff would be a verdict that nothing takes back.
func reaches(c Cutoff, r Rules) Seconds {
	switch c.Reason {
	case tokenstate.ReasonUserDeleted, tokenstate.ReasonRealmDeleted, tokenstate.ReasonGrantRevoked:
		return c.Before - Seconds((r.Skew+999)/1000)
	}
	return c.Before
}

// outcome of the latest refresh of t, under the client's UUID and under its client_id, whichever the reporter knew;
// the latest stands.
func (f Facts) outcome(t Token) (last Refusal) {
	for _, as := range []Scope{{Client: t.Client}, {Client: t.Client, Key: t.ClientID}, {Client: t.ClientID}} {
		k := RefusalKey{Scope: Scope{Realm: t.Realm, User: t.User, Client: as.Client, Session: t.Session, Key: as.Key}, IssuedAt: t.IssuedAt}
		if o, ok := f.Refusals[k]; ok && earlierRefusal(last, o) {
			last = o
		}
	}
	return last
}

func (f Facts) refused(t Token) []closure {
	last := f.outcome(t)
	if !last.Refused {
		return nil
	}
	return []closure{{state: tokenstate.Suspended, reason: tokenstate.ReasonRefused, since: last.At, cause: last.Cause, retry: last.RetryAt}}
}
