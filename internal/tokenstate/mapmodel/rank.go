package mapmodel

import (
	"strconv"
	"strings"
)

// Rank orders the values that one fact may have: the later At wins, and at the same instant
// the greater Tie, compared byte by byte (COLLATE "C" in SQL). A Tie begins with how closed
// the value is and holds the rest of it, so two values of equal rank are equal, and two dumps
// of the same history are the same bytes.
type Rank struct {
	At  Millis
	Tie string
}

// Less reports whether r loses against o.
func (r Rank) Less(o Rank) bool {
	if r.At != o.At {
		return r.At < o.At
	}
	return r.Tie < o.Tie
}

// tie writes the parts of a Tie. Numbers are padded, so that bytes sort as numbers do.
func tie(parts ...any) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('|')
		}
		switch v := p.(type) {
		case bool:
			b.WriteString(map[bool]string{false: "0", true: "1"}[v])
		case Seconds:
			b.WriteString(pad(int64(v)))
		case Millis:
			b.WriteString(pad(int64(v)))
		case string:
			b.WriteString(v)
		}
	}
	return b.String()
}

func pad(n int64) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, 15-len(s))) + s
}
