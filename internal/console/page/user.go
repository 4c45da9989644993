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
	Do                    []string
	Tokens                []Token
	APIKeys               []Key
	KeysFault, StoryFault string
	Steps                 []Step
	Pruned, MoreSteps     bool
	Nobody                bool
}

// UserOf shows a user: what may pass now, what they are told, what to do, and how it came about.
func UserOf(p Person) User {
	u := User{
		Realm: p.Realm, ID: p.User, Checked: timeOf(p.Owner.CheckedAt), InDoubt: p.Owner.InDoubt, Known: p.Owner.Known,
		Told: p.Told, ToldFault: p.ToldFault, KeysFault: p.KeysFault, StoryFault: p.StoryFault,
		Keys: keysAnswer(p.Owner),
	}
	for _, t := range p.Tokens {
		u.Tokens = append(u.Tokens, TokenOf(t))
	}
	for _, k := range p.Keys {
		u.APIKeys = append(u.APIKeys, KeyOf(k, p.Now))
	}
	u.Refresh = refreshAnswer(p)
	u.Do = whatToDo(p.Owner, u)
	if p.Story != nil {
		u.Steps, u.Pruned, u.MoreSteps = StepsOf(*p.Story), p.Story.Pruned, p.Story.More
	}
	u.Nobody = !p.Owner.Known && len(p.Tokens) == 0 && len(p.Keys) == 0 && p.KeysFault == "" && len(u.Steps) == 0
	return u
}

func keysAnswer(o tokenstate.Ownership) Answer {
	if o.Active {
		a := Answer{Mark: Mark{Good, "may pass"}, Says: "Nothing stands against the user's API keys; each key's own state is below."}
		if !o.Known {
			a.Mark, a.Says = Mark{Warn, "may pass"}, "Nothing is known against the user, but nobody has looked at them yet; in strict mode their keys are 503."
		}
		return a
	}
	said := adviceOf(tokenAdvice, o.Reason)
	return Answer{Mark: Mark{Bad, "refused"}, Says: said.says, Reason: o.Reason, Event: o.Cause, Since: timeOf(o.Since)}
}

func refreshAnswer(p Person) Answer {
	if p.Best == nil {
		return Answer{Mark: Mark{None, "no token"}, Says: "No offline token of this user is kept or tracked here.", Reason: "no_offline_token"}
	}
	t := TokenOf(*p.Best)
	if p.Best.Verdict.State == tokenstate.Usable {
		return Answer{Mark: Mark{Good, "works"}, Says: "Keycloak would refresh the token of " + t.ClientID + "."}
	}
	return Answer{Mark: t.Mark, Says: t.Says, Reason: t.Reason, Event: t.Event, Since: t.Since}
}

// whatToDo is one line a reason, each once.
func whatToDo(o tokenstate.Ownership, u User) (lines []string) {
	seen := map[string]bool{"": true}
	add := func(line string) {
		if !seen[line] {
			seen[line], lines = true, append(lines, line)
		}
	}
	if !o.Active {
		add(adviceOf(tokenAdvice, o.Reason).do)
	}
	if u.Refresh.Reason == "no_offline_token" {
		add("If the application should work while the user is away, the user logs in to it once.")
	} else if u.Refresh.Reason != "" {
		add(adviceOf(tokenAdvice, u.Refresh.Reason).do)
	}
	return lines
}
