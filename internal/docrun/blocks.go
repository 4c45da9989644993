package docrun

import (
	"fmt"
	"strings"
)

// block is a command of a document, with the answer that the document gives.
type block struct {
	line     int    // of the command's fence, from 1
	command  string // what the shell is given
	answered bool
	printed  bool // the answer is what the command prints, whomever it called
	shape    bool // only the answer's members count
	answer   string
	from, to int // the answer's lines in the document, from 0, without the fences
}

const fence = "```"

// blocksOf finds the commands of a document. Blocks of other languages are only shown.
func blocksOf(text string) ([]block, error) {
	var all []block
	open, begun := "", 0
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case open == "" && strings.HasPrefix(line, fence):
			open, begun = line, i
		case open != "" && line == fence:
			content := strings.Join(lines[begun+1:i], "\n")
			switch language := strings.TrimPrefix(open, fence); language {
			case "sh":
				all = append(all, block{line: begun + 1, command: content})
			case "http", "http shape", "text":
				if len(all) == 0 || all[len(all)-1].answered {
					return nil, fmt.Errorf("line %d: an answer without a command before it", begun+1)
				}
				last := &all[len(all)-1]
				last.answered, last.answer = true, content
				last.shape, last.printed = language == "http shape", language == "text"
				last.from, last.to = begun+1, i
			}
			open = ""
		}
	}
	if open != "" {
		return nil, fmt.Errorf("line %d: the block does not end", begun+1)
	}
	return all, nil
}

// withAnswers puts answers in the place of those that a document gives, in order.
func withAnswers(text string, blocks []block, answers []string) string {
	lines := strings.Split(text, "\n")
	var out []string
	next := 0
	for i, b := range blocks {
		if !b.answered {
			continue
		}
		out = append(append(out, lines[next:b.from]...), strings.Split(answers[i], "\n")...)
		next = b.to
	}
	return strings.Join(append(out, lines[next:]...), "\n")
}
