package notice

import (
	"cmp"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// helps says for each reason why a token is dead whether logging in again gives one that works. Where it does not, the
// user is not asked to: an administrator has closed the client or taken something away, and must act first.
var helps = map[string]bool{
	tokenstate.ReasonSessionEnded:    true,
	tokenstate.ReasonSessionAbsent:   true,
	tokenstate.ReasonSessionRestart:  true,
	tokenstate.ReasonUserNotBefore:   true,
	tokenstate.ReasonRealmNotBefore:  true,
	tokenstate.ReasonClientNotBefore: true,
	tokenstate.ReasonRefused:         true,
	tokenstate.ReasonGrantRevoked:    true,
	tokenstate.ReasonOrder:           true,
	tokenstate.ReasonExpired:         true,
	tokenstate.ReasonSuperseded:      true,

	tokenstate.ReasonUserDisabled:   false,
	tokenstate.ReasonRealmDisabled:  false,
	tokenstate.ReasonClientDisabled: false,
	tokenstate.ReasonUserDeleted:    false,
	tokenstate.ReasonRealmDeleted:   false,
	tokenstate.ReasonClientDeleted:  false,
	tokenstate.ReasonClientRenamed:  false,
	tokenstate.ReasonOfflineAccess:  false,
	tokenstate.ReasonClientOffline:  false,
}

// Best is the best of a user's tokens with one client, and what Keycloak would do with it.
type Best struct {
	Token   tokenstate.Token
	Verdict tokenstate.Verdict
	Ends    tokenstate.Seconds // when it ends if nobody uses it until then; 0: that is not known
}

// Login compares a user's best token with what was told of it. A closed user is told of as such: until they are open
// again nothing is said of their logins, for logging in is what they cannot do.
func Login(s Subject, b Best, owner tokenstate.Ownership, last Told) (Notice, bool) {
	v, n := b.Verdict, about(s, b, owner, last)
	switch told := last.Type == LoginNeeded; {
	case !owner.Active:
		return Notice{}, false
	case v.State == tokenstate.Usable:
		n.Type, n.Cause = LoginRestored, place(b.Token)
		return n, told
	default:
		n.Type, n.Cause, n.NotBefore = LoginNeeded, cmp.Or(v.Cause, place(b.Token)), v.RetryAt
		return n, !told && helps[v.Reason]
	}
}

// about is what is so of a login, whatever is to be told of it.
func about(s Subject, b Best, owner tokenstate.Ownership, last Told) Notice {
	v := b.Verdict
	n := Notice{
		Subject: s, Last: last, InDoubt: v.InDoubt || owner.InDoubt, Session: b.Token.Session,
		Reason: v.Reason, Since: v.Since, EventID: v.Cause, KeysPass: owner.Active,
	}
	if b.Token.User != s.User {
		n.TokenUser = b.Token.User
	}
	return n
}

// Weighed reports whether anybody has said if a login helps against a reason.
func Weighed(reason string) bool { _, ok := helps[reason]; return ok }
