package ops

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is what a line of text for people has at most, so that it fits beside a log and into a ticket.
const width = 110

// Wrap writes a text in lines of at most 110 columns: the first begins with first, the others with as many blanks. A
// word that is longer, such as an id or a command, stands on a line of its own.
func Wrap(w io.Writer, first, text string) {
	line, used, began := first, utf8.RuneCountInString(first), false
	indent := strings.Repeat(" ", used)
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if began && used+1+n > width {
			_, _ = fmt.Fprintln(w, line) // Flush of Output tells what failed
			line, used, began = indent, len(indent), false
		}
		if began {
			line, used = line+" ", used+1
		}
		line, used, began = line+word, used+n, true
	}
	_, _ = fmt.Fprintln(w, line)
}
