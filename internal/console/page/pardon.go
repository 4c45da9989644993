package page

import (
	"regexp"
)

// Pardon says what would work again if what one order or event has cut off were taken back.
type Pardon struct {
	Cause, Realm, User string
	Command            string // that does so; "" if the cause's id is none that a shell may be given
	Lines              []Line
	More               bool // the user has more tokens or keys than are compared
	KeysFault          string
}

// word is a text that means nothing to a shell. A cause stands in an address, and what is shown here is pasted into a shell.
var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`)

// PardonOf compares what a user holds as it is judged now with the same as it would be judged then.
func PardonOf(cause string, now, then Person) Pardon {
	p := Pardon{Cause: cause, Realm: now.Realm, User: now.User, More: now.MoreTokens > 0 || now.MoreKeys, KeysFault: now.KeysFault}
	if word.MatchString(cause) {
		p.Command = "revocation-worker pardon " + cause + ` --reason "why"`
	}
	for i, t := range now.Tokens {
		if was, is := stateMark(t.Verdict.State), stateMark(then.Tokens[i].Verdict.State); was != is {
			p.Lines = append(p.Lines, Line{"offline token of " + t.Token.ClientID, t.Token.Session, was, is})
		}
	}
	for i, k := range now.Keys {
		if was, is := KeyOf(k, now.Now), KeyOf(then.Keys[i], now.Now); was.Mark != is.Mark {
			p.Lines = append(p.Lines, Line{"API key " + was.Name, was.ID, was.Mark, is.Mark})
		}
	}
	return p
}
