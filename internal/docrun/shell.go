package docrun

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// blockLimit is how long one block may take.
const blockLimit = time.Minute

// shell runs blocks one after the other, as a reader does who pastes them: what one sets, the next one has.
type shell struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	stop context.CancelFunc
}

// ended marks the end of a block's output. No document prints it.
const ended = "docrun: the block ended with "

func newShell(ctx context.Context, dir string, env []string) (*shell, error) {
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		stop()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		stop()
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		stop()
		return nil, fmt.Errorf("the commands of documents are run by bash: %w", err)
	}
	return &shell{cmd, in, bufio.NewReader(out), stop}, nil
}

// run gives what a block printed. Its last command must succeed.
func (s *shell) run(command string) (string, error) {
	late := time.AfterFunc(blockLimit, s.stop)
	defer late.Stop()
	if _, err := io.WriteString(s.in, command+"\nprintf '\\n"+ended+"%s\\n' $?\n"); err != nil {
		return "", fmt.Errorf("the shell has ended: %w", err)
	}
	var b strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return b.String(), fmt.Errorf("the block did not come to its end within %s: %s", blockLimit, b.String())
		}
		if status, is := strings.CutPrefix(line, ended); is {
			if n, err := strconv.Atoi(strings.TrimSpace(status)); err != nil || n != 0 {
				return b.String(), fmt.Errorf("exit code %s: %s", strings.TrimSpace(status), b.String())
			}
			return b.String(), nil
		}
		b.WriteString(line)
	}
}

func (s *shell) close() error {
	err := s.in.Close()
	werr := s.cmd.Wait()
	s.stop()
	return errors.Join(err, werr)
}
