package devstack

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/deploy"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// TestMain: devstack starts itself again as the NATS server, and here it is the tests' binary;
// "hold" is a run that a test kills.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case "nats-server":
			exit(ServeNATS(os.Args[2]))
		case "hold":
			exit(hold(os.Args[2]))
		}
	}
	if err := os.Unsetenv("DATABASE_URL"); err != nil { // make test's own: these tests start and kill theirs
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// checkout is a folder with what a start reads. Its parents are opened to the user that
// Postgres runs as, and it is the system's temporary folder, so that whatever stays is seen.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tmp := filepath.Join(root, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", tmp)
	if err := os.Mkdir(filepath.Join(root, "deploy"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "deploy", "nats.conf"), []byte(deploy.NATS), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// nothingLeft fails if a run in this checkout left data or, of these, a process.
func nothingLeft(t *testing.T, root string, pids ...int) {
	t.Helper()
	for _, pattern := range []string{filepath.Join(runsDir(root), "*"), filepath.Join(root, "tmp", "tokenstate-*")} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	for _, pid := range pids {
		eventually(t, func() error { return gone(pid) })
	}
}

// gone says whether a process has ended; one that its parent has not asked about counts.
func gone(pid int) error {
	if err := syscall.Kill(pid, 0); err != nil {
		return nil //nolint:nilerr // see above
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil && strings.HasPrefix(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " Z") {
		return nil
	}
	return fmt.Errorf("process %d is there", pid)
}

// eventually polls until check succeeds, and fails with its last error.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		if pause.For(ctx, pollEvery) != nil {
			t.Fatal(err)
		}
	}
}

// hold starts Postgres, says its process id, and waits to be killed.
func hold(root string) error {
	s, err := Start(context.Background(), Options{Root: root, Database: true, Throwaway: true})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(os.Stdout, s.Env.PostgresPID)
	select {}
}

// held starts hold in a process of its own and reads the process id of its Postgres.
func held(t *testing.T, root string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "hold", root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("hold said nothing: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return cmd, pid
}
