package folded

import (
	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
)

// What JSON cannot have in it stands for what it has.
const (
	isID   = 0x01 // the sixteen bytes of a UUID follow, whose text it was
	isByte = 0x02 // one byte follows, which was one of these; no message has any
)

const idLength = len("00000000-0000-0000-0000-000000000000")

// mostShort is the length of what is shortened, where every byte of a message is one of ours.
const mostShort = 2 * events.MaxMessage

// shorten has the bytes of each UUID in place of its text.
func shorten(raw []byte) []byte {
	short := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if id, there := idAt(raw); there {
			short, raw = append(append(short, isID), id[:]...), raw[idLength:]
			continue
		}
		if raw[0] == isID || raw[0] == isByte {
			short = append(short, isByte)
		}
		short, raw = append(short, raw[0]), raw[1:]
	}
	return short
}

// idAt is the UUID that raw begins with, if its text is the one that lengthen writes.
func idAt(raw []byte) (id uuid.UUID, there bool) {
	if len(raw) < idLength || raw[8] != '-' {
		return id, false
	}
	id, err := uuid.ParseBytes(raw[:idLength])
	return id, err == nil && id.String() == string(raw[:idLength])
}

// lengthen is what was shortened.
func lengthen(short []byte) ([]byte, error) {
	raw := make([]byte, 0, min(2*len(short), events.MaxMessage))
	for len(short) > 0 {
		switch {
		case short[0] == isID && len(short) > len(uuid.UUID{}):
			raw, short = append(raw, uuid.UUID(short[1:17]).String()...), short[17:]
		case short[0] == isByte && len(short) > 1:
			raw, short = append(raw, short[1]), short[2:]
		case short[0] == isID, short[0] == isByte:
			return nil, errCut
		default:
			raw, short = append(raw, short[0]), short[1:]
		}
		if len(raw) > events.MaxMessage {
			return nil, errLarge
		}
	}
	return raw, nil
}
