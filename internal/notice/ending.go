package notice

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Soon is how long before the end of a login it is told.
const Soon = 3 * day

// Ending says whether a login that works is to be told to end. A use of the token may put its end off, and looks by two
// ways need not agree to the second: only an end that is later by more than Soon than the one that was told is another. That a login works
// again is told first.
func Ending(s Subject, b Best, owner tokenstate.Ownership, now tokenstate.Seconds, last Told) (Notice, bool) {
	works := owner.Active && b.Verdict.State == tokenstate.Usable && last.Type != LoginNeeded
	if !works || b.Ends <= now || b.Ends-now > Soon {
		return Notice{}, false
	}
	n := about(s, b, owner, last)
	n.Type, n.Expires = LoginExpiring, b.Ends
	n.Cause = fmt.Sprintf("%s/%d", place(b.Token), b.Ends)
	return n, b.Ends-lastEnd(b.Token, last) > Soon
}

// lastEnd is the end that was told last of the same token; 0: none was.
func lastEnd(t tokenstate.Token, last Told) tokenstate.Seconds {
	n, _ := strconv.ParseInt(strings.TrimPrefix(last.Cause, place(t)+"/"), 10, 64) // all other causes are no numbers
	return tokenstate.Seconds(n)
}

// place is the token, whichever of its generations.
func place(t tokenstate.Token) string {
	return t.Session + "/" + strconv.FormatInt(int64(t.IssuedAt), 10)
}
