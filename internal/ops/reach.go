package ops

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// ErrNothingReached says that an order was given which covers nothing that is known now.
var ErrNothingReached = errors.New("nothing was reached")

// WholeRealm are the flags of a command that may reach a whole realm. Ask by Confirm.
func WholeRealm() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "all", Usage: "everything in the realm"},
		&cli.BoolFlag{Name: "yes", Usage: "with --all: do not ask for the realm's name, for scripts"},
	}
}

// Confirm has a person type the realm's name before what is said happens to all of it. Where nobody
// can be asked it takes --yes.
func Confirm(cmd *cli.Command, what, realm string) error {
	if cmd.Bool("yes") {
		return nil
	}
	in, ok := cmd.Root().Reader.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return fmt.Errorf("%w: this would %s; without a terminal, --all needs --yes", ErrUsage, what)
	}
	return askName(in, cmd.Root().ErrWriter, what, realm)
}

// longest is more than any realm's name: a longer line is no answer.
const longest = 1 << 10

func askName(in io.Reader, out io.Writer, what, realm string) error {
	_, _ = fmt.Fprintf(out, "This will %s.\nType the realm's name to go on: ", what)
	line, err := bufio.NewReader(io.LimitReader(in, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the realm's name: %w", err)
	}
	if strings.TrimRight(line, "\r\n") != realm {
		return fmt.Errorf("%w: that is not the realm's name; nothing was done", ErrUsage)
	}
	return nil
}
