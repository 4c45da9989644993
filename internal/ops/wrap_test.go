package ops

import (
	"bytes"
	"strings"
	"testing"
)

// Ensure no line is wider than a screen, words stay whole, and what is wider than a line stands alone.
func TestWrap(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("x", width)
	Wrap(&out, "do: ", strings.Repeat("wörter ", 40)+long+" end")
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, line := range lines {
		if n := len([]rune(line)); n > width && strings.TrimSpace(line) != long {
			t.Errorf("line %d has %d columns", i, n)
		}
		if i > 0 && !strings.HasPrefix(line, "    ") {
			t.Errorf("line %d is not below the text: %q", i, line)
		}
	}
	if got := strings.Join(strings.Fields(out.String()), " "); got != "do: "+strings.TrimSpace(strings.Repeat("wörter ", 40))+" "+long+" end" {
		t.Errorf("words are lost: %s", got)
	}
	out.Reset()
	if Wrap(&out, "alone", ""); out.String() != "alone\n" {
		t.Errorf("without a text: %q", out.String())
	}
}
