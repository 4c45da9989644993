package notice_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var (
	login = notice.Subject{Realm: "demo", User: "ann", Client: "app"}
	user  = notice.Subject{Realm: "demo", User: "ann"}
	open  = tokenstate.Ownership{Active: true}
	shut  = tokenstate.Ownership{Reason: tokenstate.ReasonUserDisabled, Since: 5000, Cause: "look"}
)

func best(state tokenstate.State, reason string) notice.Best {
	return notice.Best{
		Token:   tokenstate.Token{Realm: "demo", User: "ann", ClientID: "app", Session: "s", IssuedAt: 7},
		Verdict: tokenstate.Verdict{State: state, Reason: reason, Since: 4000, Cause: "event"},
	}
}

// Ensure what is told of a login, for each state of the token and of its owner, with and without an earlier notice.
func TestLogin(t *testing.T) {
	needed, restored := notice.Told{Type: notice.LoginNeeded, ID: "1"}, notice.Told{Type: notice.LoginRestored, ID: "2"}
	ended, usable := best(tokenstate.Revoked, tokenstate.ReasonSessionEnded), best(tokenstate.Usable, "")
	for name, c := range map[string]struct {
		best  notice.Best
		owner tokenstate.Ownership
		last  notice.Told
		want  notice.Type
	}{
		"works, nothing told":          {usable, open, notice.Told{}, ""},
		"ended":                        {ended, open, notice.Told{}, notice.LoginNeeded},
		"ended and told":               {ended, open, needed, ""},
		"ended again":                  {ended, open, restored, notice.LoginNeeded},
		"works again":                  {usable, open, needed, notice.LoginRestored},
		"works again and told":         {usable, open, restored, ""},
		"refused":                      {best(tokenstate.Suspended, tokenstate.ReasonRefused), open, notice.Told{}, notice.LoginNeeded},
		"not before":                   {best(tokenstate.Suspended, tokenstate.ReasonRealmNotBefore), open, notice.Told{}, notice.LoginNeeded},
		"a login would not help":       {best(tokenstate.Suspended, tokenstate.ReasonClientDisabled), open, notice.Told{}, ""},
		"nor after one was needed":     {best(tokenstate.Suspended, tokenstate.ReasonClientDisabled), open, needed, ""},
		"the user is closed":           {ended, shut, notice.Told{}, ""},
		"closed after one was needed":  {usable, shut, needed, ""},
		"nothing is stored":            {best(tokenstate.Unknown, ""), open, needed, ""},
		"a reason that nobody weighed": {best(tokenstate.Revoked, "made_up"), open, notice.Told{}, ""},
	} {
		n, ok := notice.Login(login, c.best, c.owner, c.last)
		if ok != (c.want != "") || ok && n.Type != c.want {
			t.Errorf("%s: %v %s, want %q", name, ok, n.Type, c.want)
		}
	}
}

// Ensure somebody has weighed for every reason of a verdict whether a login helps: of one that nobody weighed no user would
// ever be told.
func TestEveryReasonIsWeighed(t *testing.T) {
	source, err := os.ReadFile("../tokenstate/verdict.go")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`(?m)^\tReason\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) < 20 {
		t.Fatalf("%d reasons found", len(reasons))
	}
	for _, r := range reasons {
		if !notice.Weighed(r[1]) {
			t.Errorf("does a login help a user whose token is dead for %s? Say so in login.go", r[1])
		}
	}
}

// Ensure a refusal waits for the time at which it is worth trying again, and a doubt for the look that settles it.
func TestLogin_Waits(t *testing.T) {
	b := best(tokenstate.Suspended, tokenstate.ReasonRefused)
	b.Verdict.RetryAt = 9000
	if n, ok := notice.Login(login, b, open, notice.Told{}); !ok || n.NotBefore != 9000 || n.InDoubt {
		t.Errorf("refused: %+v %v", n, ok)
	}
	b.Verdict.InDoubt = true
	if n, _ := notice.Login(login, b, open, notice.Told{}); !n.InDoubt {
		t.Error("the token's doubt is forgotten")
	}
	b.Verdict.InDoubt = false
	if n, _ := notice.Login(login, b, tokenstate.Ownership{Active: true, InDoubt: true}, notice.Told{}); !n.InDoubt {
		t.Error("the owner's doubt is forgotten")
	}
}

// Ensure a token that names its user otherwise than Keycloak does is told with both names.
func TestLogin_NamesBothUsers(t *testing.T) {
	b := best(tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	b.Token.User = "pairwise"
	if n, _ := notice.Login(login, b, open, notice.Told{}); n.TokenUser != "pairwise" || n.Subject.User != "ann" {
		t.Errorf("%+v", n)
	}
}

// Ensure what is told of a user.
func TestOwner(t *testing.T) {
	closed, opened := notice.Told{Type: notice.UserClosed, ID: "1"}, notice.Told{Type: notice.UserOpened, ID: "2"}
	for name, c := range map[string]struct {
		is   tokenstate.Ownership
		last notice.Told
		want notice.Type
	}{
		"open": {open, notice.Told{}, ""}, "closed": {shut, notice.Told{}, notice.UserClosed}, "still closed": {shut, closed, ""},
		"open again": {open, closed, notice.UserOpened}, "still open": {open, opened, ""}, "closed again": {shut, opened, notice.UserClosed},
	} {
		n, ok := notice.Owner(user, c.is, c.last)
		if ok != (c.want != "") || ok && n.Type != c.want {
			t.Errorf("%s: %v %s, want %q", name, ok, n.Type, c.want)
		}
	}
}

// Ensure a key's end is told a week and a day ahead, once each, and again when it is given another end; and that neither a
// key that was made for less, nor a dead one, is told of.
func TestKey(t *testing.T) {
	const d, end = 24 * 60 * 60, 1_000_000_000
	key := func(life tokenstate.Seconds) apikey.Record {
		return apikey.Record{ID: "k", Realm: "demo", User: "ann", Created: end - life, Expires: end}
	}
	told := func(cause string) notice.Told { return notice.Told{Type: notice.KeyExpiring, Cause: cause} }
	revoked := key(90 * d)
	revoked.RevokedAt = end - 60*d
	for name, c := range map[string]struct {
		key  apikey.Record
		left tokenstate.Seconds
		last notice.Told
		want string
	}{
		"long before":                          {key(90 * d), 8 * d, notice.Told{}, ""},
		"a week before":                        {key(90 * d), 7 * d, notice.Told{}, "1000000000/7"},
		"and told":                             {key(90 * d), 3 * d, told("1000000000/7"), ""},
		"a day before":                         {key(90 * d), d, told("1000000000/7"), "1000000000/1"},
		"and told as well":                     {key(90 * d), 60, told("1000000000/1"), ""},
		"it had another end":                   {key(90 * d), 2 * d, told("900000000/1"), "1000000000/7"},
		"over":                                 {key(90 * d), 0, notice.Told{}, ""},
		"never ends":                           {apikey.Record{ID: "k"}, d, notice.Told{}, ""},
		"made for three days, just now":        {key(3 * d), 3 * d, notice.Told{}, ""},
		"made for three days, on the last":     {key(3 * d), d - 1, notice.Told{}, "1000000000/1"},
		"made for an hour":                     {key(3600), 60, notice.Told{}, ""},
		"revoked":                              {revoked, 60, notice.Told{}, ""},
		"the first look comes on its last day": {key(90 * d), 60, notice.Told{}, "1000000000/1"},
	} {
		n, ok := notice.Key(c.key, end-c.left, c.last)
		if ok != (c.want != "") || ok && n.Cause != c.want {
			t.Errorf("%s: %v %s, want %q", name, ok, n.Cause, c.want)
		}
	}
}

// Ensure a login that works is told to end three days ahead, once; again only after it was put off by more than that, or
// for another token; and that it works again is told before.
func TestEnding(t *testing.T) {
	const now = 1_000_000_000
	of := func(session string, ends tokenstate.Seconds) notice.Best {
		b := best(tokenstate.Usable, "")
		b.Token.Session, b.Ends = session, ends
		return b
	}
	told := func(b notice.Best) notice.Told {
		n, ok := notice.Ending(login, b, open, now, notice.Told{})
		if !ok || n.Type != notice.LoginExpiring {
			t.Fatalf("%v %+v", ok, n)
		}
		return n.Tells()
	}
	const soon, later = now + notice.Soon - 5, now + 2*notice.Soon
	dead := best(tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	dead.Ends = soon
	for name, c := range map[string]struct {
		best  notice.Best
		owner tokenstate.Ownership
		now   tokenstate.Seconds
		last  notice.Told
		want  bool
	}{
		"soon":                           {of("s", soon), open, now, notice.Told{}, true},
		"not soon":                       {of("s", later), open, now, notice.Told{}, false},
		"not known":                      {of("s", 0), open, now, notice.Told{}, false},
		"over":                           {of("s", now), open, now, notice.Told{}, false},
		"told":                           {of("s", soon), open, now, told(of("s", soon)), false},
		"told by another way of looking": {of("s", soon+2), open, now, told(of("s", soon)), false},
		"put off, and soon again":        {of("s", later), open, later - 10, told(of("s", soon)), true},
		"another token":                  {of("t", soon), open, now, told(of("s", soon)), true},
		"it works again, not yet told":   {of("s", soon), open, now, notice.Told{Type: notice.LoginNeeded, ID: "1"}, false},
		"it works again, told":           {of("s", soon), open, now, notice.Told{Type: notice.LoginRestored, ID: "2"}, true},
		"dead":                           {dead, open, now, notice.Told{}, false},
		"the user is closed":             {of("s", soon), shut, now, notice.Told{}, false},
	} {
		n, ok := notice.Ending(login, c.best, c.owner, c.now, c.last)
		if ok != c.want || ok && (n.Expires != c.best.Ends || n.Session != c.best.Token.Session || !n.KeysPass) {
			t.Errorf("%s: %v %+v", name, ok, n)
		}
	}
}
