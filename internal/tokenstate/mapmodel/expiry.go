package mapmodel

// JudgeAt is Judge at an instant. Facts say nothing of time's passing, but a token that carries an exp of its
// own dies by it, whatever its session does.
func JudgeAt(t Token, f Facts, r Rules, now Millis) Verdict {
	v := Judge(t, f, r)
	if !t.expired(r, now) {
		return v
	}
	over := closure{state: Revoked, reason: ReasonExpired, since: t.Expires.Millis()}
	if v.State != Revoked || over.worse(closure{v.State, v.Reason, v.Since, v.Cause, v.RetryAt}) {
		v.State, v.Reason, v.Since, v.Cause, v.RetryAt = over.state, over.reason, over.since, over.cause, over.retry
	}
	v.InDoubt = false // nothing makes the token work again
	return v
}

// expired: Keycloak takes a token until the second of its exp is over, by its own clock. Ours may be ahead of that
// by the skew, and what is final must not be said too early: until then Keycloak decides.
func (t Token) expired(r Rules, now Millis) bool {
	return t.Expires > 0 && now >= (t.Expires+1).Millis()+r.Skew
}

// unexpired are the tokens that anybody need still ask about.
func unexpired(ts []Token, r Rules, now Millis) (left []Token) {
	for _, t := range ts {
		if !t.expired(r, now) {
			left = append(left, t)
		}
	}
	return left
}
