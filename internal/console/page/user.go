package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Person is what is known of one user.
type Person struct {
	Realm, User string
	Now         time.Time
	Owner       tokenstate.Ownership
	Tokens      []Stored
	MoreTokens  int // that are not in Tokens
	MoreKeys    bool
	Keys        []Held
	KeysFault   string // why Keys are not known; "" if they are
	Best        *Stored
	Told        *Told
	ToldFault   string
	Story       *timeline.Story
	StoryFault  string
}

// Told is what applications show the user.
type Told struct{ Message, LoginURL string }

// Answer is one of the two questions that support asks: may it pass?
type Answer struct {
	Mark          Mark
	Says          string
	Reason, Event string
	Since         time.Time
}

// User is the page.
type User struct {
	Realm, ID             string
	Keys, Refresh         Answer
	Checked               time.Time
	InDoubt, Known        bool
	Told                  *Told
	ToldFault             string
	Conclusion            []Concluded
	Tokens                []Token
	APIKeys               []Key
	KeysFault, StoryFault string
	Steps                 []timeline.Step
	Pruned, MoreSteps     bool
	MoreTokens            int
	MoreKeys              bool
	Nobody                bool
}

// UserOf shows a user: what may pass now, why, what helps, what they are told, and how it came about.
func UserOf(p Person) User {
	u := User{
		Realm: p.Realm, ID: p.User, Checked: timeOf(p.Owner.CheckedAt), InDoubt: p.Owner.InDoubt, Known: p.Owner.Known,
		Told: p.Told, ToldFault: p.ToldFault, KeysFault: p.KeysFault, StoryFault: p.StoryFault,
		Keys: keysAnswer(p.Owner), MoreTokens: p.MoreTokens, MoreKeys: p.MoreKeys,
	}
	for _, t := range p.Tokens {
		u.Tokens = append(u.Tokens, TokenOf(t))
	}
	for _, k := range p.Keys {
		u.APIKeys = append(u.APIKeys, KeyOf(k, p.Now))
	}
	u.Refresh = refreshAnswer(p)
	if p.Story != nil {
		u.Conclusion, u.Steps, u.Pruned, u.MoreSteps = concludedOf(*p.Story), p.Story.Steps, p.Story.Pruned, p.Story.More
	}
	u.Nobody = p.StoryFault == "" && !p.Owner.Known && len(p.Tokens) == 0 && len(p.Keys) == 0 && p.KeysFault == "" && len(u.Steps) == 0
	return u
}

func keysAnswer(o tokenstate.Ownership) Answer {
	if o.Active {
		a := Answer{Mark: mark(Good, "may pass"), Says: "Nothing stands against the user's API keys; each key's own state is below."}
		if !o.Known {
			a.Mark, a.Says = mark(Warn, "may pass"), "Nothing is known against the user, but nobody has looked at them yet; in strict mode their keys are 503."
		}
		return a
	}
	return Answer{Mark: mark(Bad, "refused"), Says: meaning(tokenMeans, o.Reason), Reason: o.Reason, Event: o.Cause, Since: timeOf(o.Since)}
}

func refreshAnswer(p Person) Answer {
	if p.Best == nil {
		return Answer{Mark: mark(None, "no token"), Says: "No offline token of this user is kept or tracked here.", Reason: "no_offline_token"}
	}
	t := TokenOf(*p.Best)
	if p.Best.Verdict.State == tokenstate.Usable {
		return Answer{Mark: mark(Good, "works"), Says: "Keycloak would refresh the token of " + t.ClientID + "."}
	}
	return Answer{Mark: t.Mark, Says: t.Says, Reason: t.Reason, Event: t.Event, Since: t.Since}
}
