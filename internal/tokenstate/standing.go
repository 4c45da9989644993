package tokenstate

// Looks over the admin API stand under no node's name, for which node answers is not known: those that showed a subject
// closed under closedAdminLook, all others under adminLook. They are kept apart because neither is a later look of the
// same node, so that one must not overwrite the other (design.md 3.3).
const (
	adminLook       = ""
	closedAdminLook = "!"
)

// nobody reports whether a look stands under no node's name.
func nobody(node string) bool { return node == adminLook || node == closedAdminLook }

func (s Standing) closed() bool { return s.Gone || s.Disabled || s.NoOffline }

func inAnyWay(s Standing, _ bearer) bool { return s.closed() }

// standingNode is the node under which a standing is kept.
func standingNode(node string, s Standing) string {
	if node == adminLook && s.closed() {
		return closedAdminLook
	}
	return node
}

// closedLook finds the earliest closed look that no open look overrules. Of one node only the
// latest look is kept, so an open look overrules a closed one of another node only if it is
// surely later: the closed side wins.
func closedLook(nodes PerNode[Standing], r Rules, t bearer, closed func(Standing, bearer) bool) (Standing, bool) {
	var found Standing
	ok := false
	for _, s := range nodes.all() {
		if !closed(s, t) || overruled(nodes, s, r, t, closed) {
			continue
		}
		if !ok || s.At < found.At || s.At == found.At && s.Cause < found.Cause {
			found, ok = s, true
		}
	}
	return found, ok
}

func overruled(nodes PerNode[Standing], s Standing, r Rules, t bearer, closed func(Standing, bearer) bool) bool {
	for node, o := range nodes.all() {
		if !closed(o, t) && r.surelyLater(node, o.At, s.At) {
			return true
		}
	}
	return false
}

// check is one way in which a standing closes a token.
type check struct {
	closed func(Standing, bearer) bool
	state  State
	reason string
}

// bearer is what of a token a standing is compared with; of a key nothing.
type bearer struct {
	issuedAt Seconds
	clientID string
}

func (t Token) bearer() bearer { return bearer{t.IssuedAt, t.ClientID} }

func gone(s Standing, _ bearer) bool      { return s.Gone }
func disabled(s Standing, _ bearer) bool  { return s.Disabled }
func noOffline(s Standing, _ bearer) bool { return s.NoOffline }

// before is Keycloak's one comparison of every not-before: dead if iat < notBefore, in
// seconds; a token of the same second survives (keycloak.md C, measured on 26.7.3).
func before(s Standing, t bearer) bool { return t.issuedAt < s.NotBefore }

func renamed(s Standing, t bearer) bool { return s.ClientID != "" && s.ClientID != t.clientID }

var (
	realmChecks = []check{
		{gone, Suspended, ReasonRealmDeleted},
		{disabled, Suspended, ReasonRealmDisabled},
		{before, Suspended, ReasonRealmNotBefore},
	}
	clientChecks = []check{
		{gone, Suspended, ReasonClientDeleted},
		{disabled, Suspended, ReasonClientDisabled},
		{noOffline, Suspended, ReasonClientOffline},
		{renamed, Suspended, ReasonClientRenamed},
		{before, Suspended, ReasonClientNotBefore},
	}
	userChecks = []check{
		{gone, Suspended, ReasonUserDeleted},
		{disabled, Suspended, ReasonUserDisabled},
		{noOffline, Suspended, ReasonOfflineAccess},
		// No call lowers a user's not-before (keycloak.md U1).
		{before, Revoked, ReasonUserNotBefore},
	}
)

// standings are the closures of t by realm, client and user, of either authority.
func (f *opened) standings(t Token, r Rules) []closure {
	cs := f.closures(Scope{Realm: t.Realm}, r, t.bearer(), realmChecks)
	user := Scope{Realm: t.Realm, User: t.User}
	cs = append(cs, f.closuresBy(Backend, user, r, t.bearer(), userChecks)...)
	if !f.ownerless(t, r) {
		cs = append(cs, f.closuresBy(Keycloak, user, r, t.bearer(), userChecks)...)
	}
	if t.Client != "" {
		cs = append(cs, f.closures(Scope{Realm: t.Realm, Client: t.Client}, r, t.bearer(), clientChecks)...)
	}
	return cs
}

func (f *opened) closures(s Scope, r Rules, t bearer, checks []check) []closure {
	return append(f.closuresBy(Keycloak, s, r, t, checks), f.closuresBy(Backend, s, r, t, checks)...)
}

func (f *opened) closuresBy(a Authority, s Scope, r Rules, t bearer, checks []check) []closure {
	var cs []closure
	nodes := f.said(Subject{s, a})
	for _, c := range checks {
		if by, ok := closedLook(nodes, r, t, c.closed); ok {
			cs = append(cs, closure{state: c.state, reason: c.reason, since: by.At, cause: by.Cause})
		}
	}
	return cs
}
