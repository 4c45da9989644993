package page

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Held is a stored API key, what is known of its owner, and whether an order cuts this very key.
type Held struct {
	Key   apikey.Listed
	Owner tokenstate.Ownership
	Cut   bool
}

// Key is a row of keys.
type Key struct {
	ID, Realm, User, Org, Name, Kind, LastFour string
	Created, Expires, LastUsed, Since          time.Time
	Mark                                       Mark
	Reason, Says, Event                        string
}

// KeyOf shows one, admitted or not as authapi would decide under best effort at that time.
func KeyOf(h Held, now time.Time) Key {
	r := h.Key.Record
	k := Key{
		ID: r.ID, Realm: r.Realm, User: r.User, Org: r.Org, Name: r.Name, Kind: string(r.Kind), LastFour: h.Key.LastFour,
		Created: timeOfSeconds(r.Created), Expires: timeOfSeconds(r.Expires), LastUsed: timeOfSeconds(h.Key.LastUsed),
	}
	d := apikey.Admit(r, h.Owner, h.Cut, tokenstate.Seconds(now.Unix()), apikey.BestEffort())
	if d.Active {
		k.Mark = mark(Good, "admitted")
		return k
	}
	k.Mark, k.Reason, k.Since, k.Event = mark(Bad, "refused"), d.Reason, timeOf(d.Since), d.Cause
	k.Says = meaning(keyMeans, d.Reason)
	return k
}
