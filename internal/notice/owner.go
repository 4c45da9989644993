package notice

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Owner compares what a user is with what was told of them.
func Owner(s Subject, o tokenstate.Ownership, last Told) (Notice, bool) {
	n := Notice{
		Type: UserOpened, Subject: s, Last: last, InDoubt: o.InDoubt, KeysPass: o.Active,
		Reason: o.Reason, Since: o.Since, EventID: o.Cause, Cause: o.Cause,
	}
	closed := last.Type == UserClosed
	if !o.Active {
		n.Type = UserClosed
	}
	return n, closed == o.Active
}
