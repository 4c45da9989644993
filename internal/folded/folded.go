// Package folded is the form in which the journal keeps a message: compressed by what all messages have in common. A
// message alone is too short to be compressed, so a dictionary of ours stands before it, and each UUID, which is as random
// as it is long, is its sixteen bytes.
//
// The first byte of a line tells its form. JSON begins with none of these bytes, so that a message as it came is a line,
// too: that of an older program, or of a message that does not become shorter.
package folded

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
)

const (
	// form1 is a block of S2 by the first dictionary, of a message whose ids are shortened.
	form1 = 0x01
	// firstPlain is the first byte that a message may begin with: JSON begins with white space, the first of which is
	// the tab, or with a sign. What is below is a form, of this or a later program.
	firstPlain = '\t'
)

// dictionary1 never changes, or what was folded by it could not be read any more. Another one is another form.
//
//go:embed dictionaries/1.s2
var dictionary1 []byte

var dictionary = s2.NewDict(dictionary1)

// UnreadableError says that a line has no form that this program can read.
type UnreadableError struct {
	Form byte
	Err  error
}

func (e *UnreadableError) Error() string { return fmt.Sprintf("form %d: %v", e.Form, e.Err) }

func (e *UnreadableError) Unwrap() error { return e.Err }

var (
	errNewer = errors.New("a newer program has written this: upgrade this one")
	errLarge = errors.New("it is larger than a message may be")
	errCut   = errors.New("it ends within an id")
)

// Fold is raw, of at most events.MaxMessage bytes, as the journal keeps it. Unfold gives raw back, byte by byte.
func Fold(raw []byte) []byte {
	short := shorten(raw)
	line := make([]byte, 1+s2.MaxEncodedLen(len(short)))
	line[0] = form1
	line = line[:1+len(dictionary.Encode(line[1:], short))]
	if len(line) >= len(raw) && plain(raw) {
		return raw
	}
	return line
}

// Unfold is the message of a line. Its error is an *UnreadableError.
func Unfold(line []byte) ([]byte, error) {
	if plain(line) {
		return line, nil
	}
	if line[0] != form1 {
		return nil, &UnreadableError{line[0], errNewer}
	}
	raw, err := unfold(line[1:])
	if err != nil {
		return nil, &UnreadableError{form1, err}
	}
	return raw, nil
}

// unfold makes room for no more than the message of a line may need.
func unfold(block []byte) ([]byte, error) {
	n, err := s2.DecodedLen(block)
	if err != nil {
		return nil, err
	}
	if n > mostShort {
		return nil, errLarge
	}
	short, err := dictionary.Decode(nil, block)
	if err != nil {
		return nil, err
	}
	return lengthen(short)
}

// plain reports whether a line is the message itself.
func plain(line []byte) bool { return len(line) == 0 || line[0] >= firstPlain }
