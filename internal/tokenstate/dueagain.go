package tokenstate

// DueAgain is when time alone may next change what DueUser says of a user, or end one of their tokens; 0 if it will not.
// It may come earlier than need be, and never later: who asks again then misses nothing.
func DueAgain(user Scope, tokens []Token, facts Facts, r Rules, now Millis) (next Millis) {
	f := facts.open(user.Realm)
	defer f.close()
	later := func(at Millis) {
		if at > now && (next == 0 || at < next) {
			next = at
		}
	}
	seen, _ := f.seenUser(user, r)
	later(seen + f.sweepFor(user, r))
	later(f.standingLooks(user).latest() + wholeSweeps*r.Sweep)
	for _, t := range tokens {
		if t.Expires > 0 {
			later((t.Expires + 1).Millis() + r.Skew)
		}
		t = f.resolve(t)
		later(f.ripensAt(t, r))
		later(f.checkedAt(t, r) + r.Sweep)
	}
	return next
}
