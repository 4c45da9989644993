package ops

import (
	"errors"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

// Ensure only the whole name lets an order about a whole realm go on.
func TestTheRealmsNameIsTyped(t *testing.T) {
	for typed, ok := range map[string]bool{"demo\n": true, "demo": true, "demo\r\n": true, "\n": false, "": false, "y\n": false, "demo2\n": false} {
		var out strings.Builder
		err := askName(strings.NewReader(typed), &out, "end 3 tokens", "demo")
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrUsage) || !strings.Contains(out.String(), "end 3 tokens") {
			t.Errorf("%q: %v, asked %q", typed, err, out.String())
		}
	}
}

// Ensure that a script must say --yes: nobody can answer for it.
func TestWithoutATerminalYesIsNeeded(t *testing.T) {
	for _, c := range []struct {
		args []string
		want error
	}{{[]string{"x"}, ErrUsage}, {[]string{"x", "--yes"}, nil}} {
		cmd := &cli.Command{Flags: WholeRealm(), Reader: strings.NewReader("demo\n")}
		if err := cmd.Run(t.Context(), c.args); err != nil {
			t.Fatal(err)
		}
		if err := Confirm(cmd, "end 3 tokens", "demo"); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}
