package page

import (
	"fmt"
	"strings"
	"unicode"
)

// joiner holds emoji together.
const joiner = '\u200d'

// Plain is a text of somebody else's choice as it is safe to read: what a browser would not show, or
// would let turn other letters round, stands there by its number. An id that looks like another one
// would have an operator cut off the wrong user.
func Plain(text string) string {
	hidden := func(r rune) bool {
		return r != joiner && (unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) || r == unicode.ReplacementChar)
	}
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
