package ops

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"
)

// Ensure a time that is none is told in words, and one that was left out is the zero time.
func TestTimeFlag(t *testing.T) {
	var got time.Time
	app := func() *cli.Command {
		return &cli.Command{Name: "x", Flags: []cli.Flag{TimeFlag("before", "until then")}, Action: func(_ context.Context, cmd *cli.Command) (err error) {
			got, err = Time(cmd, "before")
			return err
		}}
	}
	if err := app().Run(t.Context(), []string{"x", "--before", "2026-01-02T15:04:05+01:00"}); err != nil || got.Unix() != 1767362645 {
		t.Errorf("%v, %v", got, err)
	}
	if err := app().Run(t.Context(), []string{"x"}); err != nil || !got.IsZero() {
		t.Errorf("left out: %v, %v", got, err)
	}
	err := app().Run(t.Context(), []string{"x", "--before", "tomorrow"})
	if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "--before is a time such as") || strings.Contains(err.Error(), "parsing time") {
		t.Errorf("no time: %v", err)
	}
}

// Ensure a log that goes into a file has no colours.
func TestNoColoursInAFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	t.Setenv("NO_COLOR", "")
	if colours(f) {
		t.Error("a file would have colours")
	}
}

// Ensure the shells can complete commands, and that a mistyped one is suggested.
func TestCompletion(t *testing.T) {
	var out strings.Builder
	app := &cli.Command{Name: "x", Writer: &out, EnableShellCompletion: true, Suggest: true, Commands: []*cli.Command{{Name: "run", Action: func(context.Context, *cli.Command) error { return nil }}}}
	strict(app)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out.Reset()
		if err := app.Run(t.Context(), []string{"x", "completion", shell}); err != nil || !strings.Contains(out.String(), "x") {
			t.Errorf("%s: %v, %q", shell, err, out.String())
		}
	}
	if err := app.Run(t.Context(), []string{"x", "runn"}); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "did you mean run?") {
		t.Errorf("a mistyped command: %v", err)
	}
	for _, asked := range [][]string{{"x", "nothing", "--help"}, {"x", "help", "nothing"}} {
		if err := ours(app.Run(t.Context(), asked)); code(err, false) != exitUsage || !strings.Contains(err.Error(), "no such command") {
			t.Errorf("%v: %v", asked, err)
		}
	}
}
