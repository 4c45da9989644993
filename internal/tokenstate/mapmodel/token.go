package mapmodel

// scopes are those that reach t, widest first. A scope with a client needs its UUID.
func scopes(t Token) []Scope {
	r := t.Realm
	s := append(make([]Scope, 0, 6), Scope{Realm: r}, Scope{Realm: r, User: t.User}, Scope{Realm: r, Session: t.Session})
	if t.Client == "" {
		return s
	}
	return append(s, Scope{Realm: r, Client: t.Client},
		Scope{Realm: r, User: t.User, Client: t.Client},
		Scope{Realm: r, Client: t.Client, Session: t.Session})
}

// seat is the place of t in rosters: one client in one session.
func seat(t Token) Scope { return Scope{Realm: t.Realm, Client: t.Client, Session: t.Session} }

// unexpired are the tokens that anybody need still ask about.
func unexpired(ts []Token, r Rules, now Millis) (left []Token) {
	for _, t := range ts {
		if t.Expires == 0 || now < (t.Expires+1).Millis()+r.Skew {
			left = append(left, t)
		}
	}
	return left
}
