package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Stored is an offline token that is kept or tracked, and what is known of it.
type Stored struct {
	Token    tokenstate.Token
	Custody  string
	Verified bool
	Verdict  tokenstate.Verdict
}

// Token is a row of tokens.
type Token struct {
	Realm, User, ClientID, Session, Custody string
	Issued, Since, Checked, RetryAt         time.Time
	Verified, InDoubt                       bool
	Mark                                    Mark
	Reason, Says, Event                     string
}

// TokenOf shows one.
func TokenOf(s Stored) Token {
	v := s.Verdict
	t := Token{
		Realm: s.Token.Realm, User: s.Token.User, ClientID: s.Token.ClientID, Session: s.Token.Session, Custody: s.Custody, Verified: s.Verified,
		Issued: timeOfSeconds(s.Token.IssuedAt), Since: timeOf(v.Since), Checked: timeOf(v.CheckedAt), RetryAt: timeOf(v.RetryAt),
		InDoubt: v.InDoubt, Mark: stateMark(v.State), Reason: v.Reason, Event: v.Cause,
	}
	if v.Reason != "" {
		t.Says = meaning(tokenMeans, v.Reason)
	}
	return t
}

// stateMark is the mark of a verdict's state.
func stateMark(s tokenstate.State) Mark {
	switch s {
	case tokenstate.Usable:
		return mark(Good, "usable")
	case tokenstate.Suspended:
		return mark(Warn, "suspended")
	case tokenstate.Revoked:
		return mark(Bad, "revoked")
	default:
		return mark(None, "unknown")
	}
}
