package timeline

import (
	"fmt"
	"strings"
	"time"
)

// mostIDs of a line are written out.
const mostIDs = 3

// Write says a line in words, piece by piece: each has a beginning and a text, which may be broken into lines.
func (l Line) Write(piece func(first, text string)) {
	piece("", l.headline())
	const below = "    "
	switch {
	case l.By != nil:
		piece(below, "by "+*l.By+l.event())
	case l.EventID != nil:
		piece(below, "by "+*l.EventID+", which the journal does not have")
	}
	if len(l.IDs) > 0 {
		piece(below, "of: "+few(l.IDs))
	}
	if l.InDoubt {
		piece(below, "in doubt: something happened that no look at Keycloak has settled yet")
	}
	if l.Do != nil {
		piece(below, "do: "+*l.Do)
	}
}

// headline has in capitals what does not work: it is what was asked for.
func (l Line) headline() string {
	if l.State == none {
		return l.What + ": none is stored here"
	}
	state := l.State
	if state == "refused" || state == "revoked" || state == "suspended" {
		state = strings.ToUpper(state)
	}
	text := l.What + ": " + state
	if l.Reason != nil {
		text += ", " + *l.Reason
	}
	if l.Since != nil {
		text += " since " + l.Since.UTC().Format(time.DateTime) + "Z"
	}
	return text
}

func (l Line) event() string {
	text := " (id " + *l.EventID
	if a := l.Actor; a != nil && a.Client != "" {
		text += ", with client " + a.Client
	}
	if a := l.Actor; a != nil && a.Realm != "" {
		text += " of realm " + a.Realm
	}
	return text + ")"
}

func few(ids []string) string {
	if len(ids) <= mostIDs {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:mostIDs], ", "), len(ids)-mostIDs)
}
