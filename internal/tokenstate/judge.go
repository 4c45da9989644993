package tokenstate

// Judge says whether Keycloak would refresh t, as far as f knows.
func Judge(t Token, f Facts, r Rules) Verdict {
	o := f.open(t.Realm)
	defer o.close()
	return o.judge(t, r)
}

func (f *opened) judge(t Token, r Rules) Verdict {
	named := t.User // as whoever stored the token calls them
	t = f.resolve(t)
	v := Verdict{State: Usable, CheckedAt: f.checkedAt(t, r), InDoubt: f.inDoubt(t, r) || f.ripensAt(t, r) > 0 || f.startDisputed(t, r)}
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

// resolved is t with what is known of whose it is.
func (f Facts) resolved(t Token) Token {
	o := f.open(t.Realm)
	defer o.close()
	return o.resolve(t)
}

// resolve finds whose session the token's is, and the client's UUID where the token was stored before it was known.
func (f *opened) resolve(t Token) Token {
	t = f.withClient(t)
	t.User = f.ownerOf(t)
	return t
}

// withClient is t with the UUID of the client of the realm that now carries the token's client_id, or else did so last.
func (f *opened) withClient(t Token) Token {
	if t.Client != "" {
		return t
	}
	if t.Client = f.ClientCalled(t.Realm, t.ClientID); t.Client == "" {
		t.Client = f.lastCalled(t.Realm, t.ClientID)
	}
	return t
}

func (f *opened) cutoffs(t Token, r Rules) []closure {
	scopes, n := t.scopes()
	return f.cutoffsOf(scopes[:n], t, r)
}

func (f *opened) cutoffsOf(scopes []Scope, t Token, r Rules) []closure {
	var cs []closure
	for _, s := range scopes {
		for cause, c := range f.cuts(s).all() {
			if f.pardoned(cause) || !c.Tokens || t.IssuedAt >= c.reaches(r) || !f.counts(s, c, r) {
				continue
			}
			cs = append(cs, closure{state: Revoked, reason: c.Reason, since: c.At, cause: cause})
		}
	}
	return cs
}

// reaches is the second before which tokens are cut. What an event of Keycloak cuts was dated by
// the clock of one node, and a token that another issued afterwards may carry an earlier second:
// for that a cutoff would be a verdict that nothing takes back.
func (c Cutoff) reaches(r Rules) Seconds {
	switch c.Reason {
	case ReasonUserDeleted, ReasonRealmDeleted, ReasonGrantRevoked:
		return c.Before - Seconds((r.Skew+999)/1000)
	}
	return c.Before
}

// outcome of the latest refresh of t, under the client's UUID and under its client_id, whichever the reporter knew;
// the latest stands.
func (f *opened) outcome(t Token) (last Refusal) {
	for _, as := range [...]Scope{{Client: t.Client}, {Client: t.Client, Key: t.ClientID}, {Client: t.ClientID}} {
		k := RefusalKey{Scope{Realm: t.Realm, User: t.User, Client: as.Client, Session: t.Session, Key: as.Key}, t.IssuedAt}
		if o := f.refusal(k); loses(last, o) {
			last = o
		}
	}
	return last
}

func (f *opened) refused(t Token) []closure {
	last := f.outcome(t)
	if !last.Refused {
		return nil
	}
	return []closure{{state: Suspended, reason: ReasonRefused, since: last.At, cause: last.Cause, retry: last.RetryAt}}
}
