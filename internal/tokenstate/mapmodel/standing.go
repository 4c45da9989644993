package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Looks over the admin API stand under no node's name, for which node answers is not known: those that showed a subject
// closed under closedAdminLook, all others under adminLook. They are kept apart because neither is a later look of the
// same node, so that one must not overwrite the other (design.md 3.3).
const (
	adminLook       = ""
	closedAdminLook = "!"
)

// nobody reports whether a look stands under no node's name.
func nobody(node string) bool { return node == adminLook || node == closedAdminLook }

func closed(s Standing) bool { return s.Gone || s.Disabled || s.NoOffline }

// closedLook finds the earliest closed look that no open look overrules. Of one node only the
// latest look is kept, so an open look overrules a closed one of another node only if it is
// surely later: the closed side wins.
func closedLook(nodes PerNode[Standing], r Rules, closed func(Standing) bool) (Standing, bool) {
	var found Standing
	ok := false
	for _, s := range nodes {
		if !closed(s) || overruled(nodes, s, r, closed) {
			continue
		}
		if !ok || s.At < found.At || s.At == found.At && s.Cause < found.Cause {
			found, ok = s, true
		}
	}
	return found, ok
}

func overruled(nodes PerNode[Standing], s Standing, r Rules, closed func(Standing) bool) bool {
	for node, o := range nodes {
		if !closed(o) && surelyLater(r, node, o.At, s.At) {
			return true
		}
	}
	return false
}

// check is one way in which a standing closes a token.
type check struct {
	closed func(Standing) bool
	state  tokenstate.State
	reason string
}

func gone(s Standing) bool      { return s.Gone }
func disabled(s Standing) bool  { return s.Disabled }
func noOffline(s Standing) bool { return s.NoOffline }

// before is Keycloak's one comparison of every not-before: dead if iat < notBefore, in
// seconds; a token of the same second survives (keycloak.md C, measured on 26.7.3).
func before(t Token) func(Standing) bool {
	return func(s Standing) bool { return t.IssuedAt < s.NotBefore }
}

func renamed(t Token) func(Standing) bool {
	return func(s Standing) bool { return s.ClientID != "" && s.ClientID != t.ClientID }
}

func realmChecks(t Token) []check {
	return []check{
		{gone, tokenstate.Suspended, tokenstate.ReasonRealmDeleted},
		{disabled, tokenstate.Suspended, tokenstate.ReasonRealmDisabled},
		{before(t), tokenstate.Suspended, tokenstate.ReasonRealmNotBefore},
	}
}

func clientChecks(t Token) []check {
	return []check{
		{gone, tokenstate.Suspended, tokenstate.ReasonClientDeleted},
		{disabled, tokenstate.Suspended, tokenstate.ReasonClientDisabled},
		{noOffline, tokenstate.Suspended, tokenstate.ReasonClientOffline},
		{renamed(t), tokenstate.Suspended, tokenstate.ReasonClientRenamed},
		{before(t), tokenstate.Suspended, tokenstate.ReasonClientNotBefore},
	}
}

func userChecks(t Token) []check {
	return []check{
		{gone, tokenstate.Suspended, tokenstate.ReasonUserDeleted},
		{disabled, tokenstate.Suspended, tokenstate.ReasonUserDisabled},
		{noOffline, tokenstate.Suspended, tokenstate.ReasonOfflineAccess},
		// No call lowers a user's not-before (keycloak.md U1).
		{before(t), tokenstate.Revoked, tokenstate.ReasonUserNotBefore},
	}
}

// standings are the closures of t by realm, client and user, of either authority.
func (f Facts) standings(t Token, r Rules) []closure {
	cs := f.closures(Scope{Realm: t.Realm}, r, realmChecks(t))
	user := Scope{Realm: t.Realm, User: t.User}
	cs = append(cs, f.closuresBy(tokenstate.Backend, user, r, userChecks(t))...)
	if !f.ownerless(t, r) {
		cs = append(cs, f.closuresBy(tokenstate.Keycloak, user, r, userChecks(t))...)
	}
	if t.Client != "" {
		cs = append(cs, f.closures(Scope{Realm: t.Realm, Client: t.Client}, r, clientChecks(t))...)
	}
	return cs
}

func (f Facts) closures(s Scope, r Rules, checks []check) []closure {
	return append(f.closuresBy(tokenstate.Keycloak, s, r, checks), f.closuresBy(tokenstate.Backend, s, r, checks)...)
}

func (f Facts) closuresBy(a tokenstate.Authority, s Scope, r Rules, checks []check) []closure {
	var cs []closure
	nodes := f.said(s, a)
	for _, c := range checks {
		if by, ok := closedLook(nodes, r, c.closed); ok {
			cs = append(cs, closure{state: c.state, reason: c.reason, since: by.At, cause: by.Cause})
		}
	}
	return cs
}
