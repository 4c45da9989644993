package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// Choice is one option of a filter.
type Choice struct {
	Value, Label string
	Is           bool
}

// Choices marks the one that is chosen.
func Choices(chosen string, pairs ...string) (out []Choice) {
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Choice{pairs[i], pairs[i+1], pairs[i] == chosen})
	}
	return out
}

// Tokens is the page of all tokens.
type Tokens struct {
	Realm, Client string
	States, Needs []Choice
	Rows          []Token
	Next, CSV     string // "" if there are no more
	Scanned       int    // how many were looked at for these rows
}

// APIKeys is the page of all keys.
type APIKeys struct {
	Realm, User   string
	Kinds, States []Choice
	Only          []Choice
	Rows          []Key
	Next, CSV     string
	Scanned       int
}

// Act is one line of the audit.
type Act struct {
	N                                     int64
	At                                    time.Time
	Realm, Actor, Action, Target, Request string
	Status                                int
	Times                                 int64
}

// Audit is the page of acts.
type Audit struct {
	Actor, Action, Target string
	Rows                  []Act
	Next                  string
}

// Unread is a message that could not be read.
type Unread struct {
	Seq             uint64
	Received        time.Time
	Subject, Reason string
	Now             string // what this program says of it
	Text            string // its beginning
	Bytes           int
}

// maxShown bounds what is shown of a message that nobody can read.
const maxShown = 2048

// UnreadOf shows messages; hide takes out what looks like a secret.
func UnreadOf(ps []journal.Parked, hide func(string) string) (out []Unread) {
	for _, p := range ps {
		u := Unread{
			Seq: p.Seq, Received: timeOf(p.Received), Subject: p.Subject, Reason: hide(p.Reason), Bytes: len(p.Raw),
			Now: "This program can read it: requeue it.",
		}
		if _, err := events.Decode(p.Raw); err != nil {
			u.Now = hide("This program cannot read it either: " + err.Error())
		}
		u.Text = hide(string(p.Raw[:min(len(p.Raw), maxShown)]))
		out = append(out, u)
	}
	return out
}
