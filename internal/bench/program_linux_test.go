package bench

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// program is a process of ours that is looked at from outside.
type program struct {
	b         *bench
	cmd       *exec.Cmd
	url       string
	admin     string
	ended     bool
	complains bytes.Buffer
}

// built is a program of ours, as people run it.
func (b *bench) built(name string) string {
	b.Helper()
	to := filepath.Join(b.TempDir(), name)
	out, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", to, "github.com/tokenstate/tokenstate/cmd/"+name).CombinedOutput()
	if err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return to
}

// authapi starts one with these settings, and does not wait for it.
func (b *bench) authapi(binary string, settings ...string) *program {
	b.Helper()
	address, err := devstack.FreeAddr()
	b.must(err)
	admin, err := devstack.FreeAddr()
	b.must(err)
	p := &program{b: b, url: "http://" + address, admin: "http://" + admin}
	p.cmd = exec.Command(binary, "serve")
	p.cmd.Env = append(append(devstack.CleanEnv(), settings...), "AUTHAPI_ADDR="+address, "AUTHAPI_ADMIN_ADDR="+admin)
	p.cmd.Stderr = &p.complains
	b.must(p.cmd.Start())
	b.Cleanup(p.stop)
	return p
}

// ready waits until it answers that it is.
func (p *program) ready() {
	p.b.Helper()
	for {
		r, err := http.NewRequestWithContext(p.b.Context(), http.MethodGet, p.admin+"/readyz", nil)
		p.b.must(err)
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			p.b.must(res.Body.Close())
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if p.b.must(pause.For(p.b.Context(), 20*time.Millisecond)); syscall.Kill(p.cmd.Process.Pid, 0) != nil {
			p.b.Fatalf("authapi ended:\n%s", p.complains.String())
		}
	}
}

func (p *program) stop() {
	if p.ended {
		return
	}
	p.ended = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.b.Errorf("authapi: %v\n%s", err, p.complains.String())
	}
}

// memory are the bytes that it has now, and the most that it has had.
func (p *program) memory() (now, most float64) {
	p.b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	p.b.must(err)
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kilobytes * 1024
		case "VmHWM":
			most = kilobytes * 1024
		}
	}
	return now, most
}

// ticks is how many of the ticks that /proc counts a second has.
const ticks = 100

// processorSeconds is what it has used of the processors.
func (p *program) processorSeconds() float64 {
	p.b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	p.b.must(err)
	_, after, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(after)
	user, err := strconv.ParseFloat(fields[11], 64)
	p.b.must(err)
	system, err := strconv.ParseFloat(fields[12], 64)
	p.b.must(err)
	return (user + system) / ticks
}
