package notice

import (
	"fmt"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const day tokenstate.Seconds = 24 * 60 * 60

// Ahead are how long before a key's end it is told, the last first.
var Ahead = [...]tokenstate.Seconds{day, 7 * day}

// Key says whether a key that lives is to be told to expire. A key that was made for less time than a step is ahead of
// its end is not told at that step: whoever made it an hour ago knows.
func Key(k apikey.Record, now tokenstate.Seconds, last Told) (Notice, bool) {
	if k.Expires <= now || k.RevokedAt != 0 {
		return Notice{}, false
	}
	for _, ahead := range Ahead {
		if k.Expires-now > ahead || k.Expires-k.Created <= ahead {
			continue
		}
		n := Notice{
			Type: KeyExpiring, Subject: Subject{Realm: k.Realm, User: k.User, Key: k.ID}, Last: last, KeysPass: true,
			Expires: k.Expires, Cause: fmt.Sprintf("%d/%d", k.Expires, ahead/day),
		}
		return n, n.Cause != last.Cause
	}
	return Notice{}, false
}
