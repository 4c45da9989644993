// Package demo plays the README's story on a real system and prints what happens.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/play"
)

// story is one person's way through it.
type story struct {
	out      io.Writer
	keycloak *play.Keycloak
	backend  *play.Backend
	process  int // Keycloak's
	step     int

	name, user, key string
	browser         *play.Browser
	online, offline play.Tokens
}

// Play tells the story; the error says which expectation failed, and what came instead.
func Play(ctx context.Context, e devstack.Env, out io.Writer) error {
	k := play.KeycloakOf(e)
	s := &story{out: out, keycloak: k, backend: play.BackendOf(e), process: e.KeycloakPID, name: "ann", browser: k.NewBrowser()}
	for _, chapter := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"A user logs in, and an automation gets a key", s.begin},
		{"A logout in the browser: automations go on", s.browserLogout},
		{"A logout with the offline token: no refresh any more, but the key works", s.offlineLogout},
		{"A new login", s.newLogin},
		{"An administrator disables the user, and enables them again", s.disable},
		{"An administrator deletes the user", s.remove},
		{"The bug report, replayed", s.bugReport},
	} {
		_, _ = fmt.Fprintf(out, "\n%s\n", chapter.title)
		if err := chapter.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	_, _ = fmt.Fprintln(out, "\nEverything was as the README says.")
	_, _ = fmt.Fprintln(out, "To see such a story in the console: `make up` starts all of this again and prints the console's address,")
	_, _ = fmt.Fprintln(out, "`.dev/bin/devstack user ann` makes a user, and the page Why? tells what has become of them.")
	return nil
}

// say prints a step: who did what, what came, and how long it took.
func (s *story) say(took time.Duration, format string, args ...any) {
	s.step++
	_, _ = fmt.Fprintf(s.out, "%3d. %-86s %7.1f ms\n", s.step, fmt.Sprintf(format, args...), float64(took.Microseconds())/1000)
}

// act is a step in Keycloak.
func (s *story) act(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.say(time.Since(began), "keycloak  %s", what)
	return nil
}

// expect is a step at authapi. want is "STATUS", or "STATUS member=value …".
func (s *story) expect(what string, ask func() (play.Answer, error), status int, members ...string) (play.Answer, error) {
	a, err := ask()
	if err != nil {
		return a, fmt.Errorf("%s: %w", what, err)
	}
	var line strings.Builder
	_, _ = fmt.Fprintf(&line, "authapi   %s → %d", what, a.Status)
	if a.Status != status {
		return a, fmt.Errorf("%s: got %d %v, want %d", what, a.Status, a.Body, status)
	}
	for i := 0; i+1 < len(members); i += 2 {
		got := a.Text(members[i])
		if got != members[i+1] {
			return a, fmt.Errorf("%s: %s is %q, want %q", what, members[i], got, members[i+1])
		}
		_, _ = fmt.Fprintf(&line, " %s=%s", members[i], got)
	}
	s.say(a.Took, "%s", line.String())
	return a, nil
}

// until polls authapi's verdict of the user's token, and says how long it took from the act on.
func (s *story) until(ctx context.Context, since time.Time, state string) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	var v []play.Verdict
	for {
		var err error
		if v, err = s.backend.Decide(ctx, []play.Question{{User: s.user}}); err == nil && v[0].State == state && !v[0].InDoubt {
			s.say(time.Since(since), "authapi   verdict: %s %s", v[0].State, v[0].Reason)
			return nil
		}
		if pause.For(ctx, 5*time.Millisecond) != nil {
			return errors.Join(fmt.Errorf("the verdict is %+v after %s, want %s", v, soon, state), err)
		}
	}
}

// suspended stops Keycloak's process while do runs: whatever is answered then, Keycloak was
// not asked.
func (s *story) suspended(do func() error) error {
	p, err := os.FindProcess(s.process)
	if err == nil {
		err = p.Signal(syscall.SIGSTOP)
	}
	if err != nil {
		return fmt.Errorf("suspend Keycloak, process %d: %w", s.process, err)
	}
	s.say(0, "keycloak  is suspended (SIGSTOP): from here on it answers nobody")
	err = do()
	if cerr := p.Signal(syscall.SIGCONT); cerr != nil {
		return fmt.Errorf("resume Keycloak, process %d: %w", s.process, cerr)
	}
	s.say(0, "keycloak  goes on (SIGCONT)")
	return err
}
