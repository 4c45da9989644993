package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// What an operator may order of a user here.
const (
	OrderTokens  = "tokens"  // end the offline tokens
	OrderKeys    = "keys"    // end the API keys
	OrderBoth    = "both"    // end both
	OrderDisable = "disable" // the backend's own word
	OrderEnable  = "enable"  // take that word back
)

// Intent is an order before it is given.
type Intent struct{ Realm, User, What, Reason string }

// Intents are what may be ordered, in the order of the form.
var Intents = []struct{ What, Label string }{
	{OrderTokens, "end the offline tokens, for good"},
	{OrderKeys, "end the API keys, for good"},
	{OrderBoth, "end tokens and keys, for good"},
	{OrderDisable, "disable the user here, until enabled again"},
	{OrderEnable, "take back that the user is disabled here"},
}

// Known says whether it is one of Intents.
func (i Intent) Known() bool {
	for _, o := range Intents {
		if o.What == i.What {
			return true
		}
	}
	return false
}

// Line is what an order would change of one token or key.
type Line struct {
	What, Name   string
	Before, Then Mark
}

// Preview says what an order would do. Number is what the operator types: it changes with what they
// see, so nobody confirms what they have not seen.
type Preview struct {
	Intent Intent
	Label  string
	Lines  []Line
	Number int
	Notes  []string
}

// PreviewOf works it out from what is known of the user now. Only what works is changed by an order;
// what is refused already stays so.
func PreviewOf(p Person, i Intent) Preview {
	out := Preview{Intent: i}
	for _, o := range Intents {
		if o.What == i.What {
			out.Label = o.Label
		}
	}
	if i.What == OrderTokens || i.What == OrderBoth || i.What == OrderDisable {
		out.Lines = append(out.Lines, tokenLines(p.Tokens, i)...)
	}
	if i.What == OrderKeys || i.What == OrderBoth || i.What == OrderDisable {
		out.Lines = append(out.Lines, keyLines(p, i)...)
	}
	out.Number = len(out.Lines)
	if p.MoreTokens > 0 || p.MoreKeys {
		out.Notes = append(out.Notes, "The user has more tokens or keys than are listed here. The order reaches all of them.")
	}
	switch {
	case p.KeysFault != "":
		out.Notes = append(out.Notes, p.KeysFault+" The order reaches them all the same.")
	case i.What == OrderEnable:
		out.Notes = append(out.Notes, "Only the backend's own disable is taken back. Whom Keycloak has disabled, only Keycloak enables; what was ended for good stays so.")
	case out.Number == 0:
		out.Notes = append(out.Notes, "Nothing of this user works that the order could stop. It will hold for whatever was made before now and comes to be known later.")
	}
	return out
}

func tokenLines(tokens []Stored, i Intent) (lines []Line) {
	then := mark(Bad, "revoked")
	if i.What == OrderDisable {
		then = mark(Warn, "suspended")
	}
	for _, t := range tokens {
		worse := t.Verdict.State == tokenstate.Usable || t.Verdict.State == tokenstate.Suspended && i.What != OrderDisable
		if worse {
			lines = append(lines, Line{"offline token of " + t.Token.ClientID, t.Token.Session, stateMark(t.Verdict.State), then})
		}
	}
	return lines
}

func keyLines(p Person, i Intent) (lines []Line) {
	for _, h := range p.Keys {
		k := KeyOf(h, p.Now)
		dead := h.Key.RevokedAt != 0 || h.Cut || h.Key.Created < h.Owner.KeysBefore
		if k.Mark.Level == Good || i.What != OrderDisable && !dead {
			lines = append(lines, Line{"API key " + k.Name, k.ID, k.Mark, mark(Bad, "refused")})
		}
	}
	return lines
}

// Given is an order that is in the log.
type Given struct {
	At                                       time.Time
	ID, Kind, By, Reason, Realm, About, What string
	User                                     string
	Taken                                    bool // back, by a pardon
}

// Pardonable reports whether a pardon takes it back: that is for what was revoked for good. A user who was disabled here is
// enabled again.
func (g Given) Pardonable() bool { return g.Kind == events.OrderRevoke && g.User != "" && !g.Taken }

// GivenOf shows orders and pardons, the latest first.
func GivenOf(ms []events.Message) (out []Given) {
	pardoned := map[string]bool{}
	for _, m := range ms {
		g := Given{At: timeOf(m.At), ID: m.ID, Realm: m.Realm}
		switch b := m.Body.(type) {
		case *events.Pardon:
			pardoned[b.Cause] = true
			g.Kind, g.By, g.Reason, g.What = "pardon", b.By, b.Reason, "takes back "+b.Cause
		case *events.Order:
			if b.Order == events.OrderRefresh || b.Order == events.OrderLook {
				continue // the outcome of a refresh, and a wish for a look: nobody's order to anybody
			}
			g.Kind, g.By, g.Reason, g.User, g.What = b.Order, b.By, b.Reason, b.User, orderWords(b)
			g.About = aboutOf(b)
		default:
			continue
		}
		out = append(out, g)
	}
	for i := range out {
		out[i].Taken = pardoned[out[i].ID]
	}
	return out
}

func aboutOf(o *events.Order) string {
	switch {
	case o.Session != "":
		return "session " + o.Session
	case o.Key != "":
		return "key " + o.Key
	case o.User != "":
		return "user " + o.User
	case o.Client != "":
		return "client " + o.Client
	}
	return "the whole realm"
}

func orderWords(o *events.Order) string {
	switch {
	case o.Order == events.OrderStanding && o.Enabled:
		return "enables"
	case o.Order == events.OrderStanding:
		return "disables"
	case o.Tokens && o.Keys:
		return "ends tokens and keys"
	case o.Tokens:
		return "ends tokens"
	case o.Keys || o.Order == events.OrderKeyRevoked:
		return "ends keys"
	}
	return o.Order
}

// Done is an order that was given.
type Done struct {
	Event               string
	Users, Tokens, Keys int
}
