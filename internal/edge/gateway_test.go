//go:build edge

package edge

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// gateway is a real one, and the example that it runs. The files stand in its folder of examples.
type gateway struct {
	name, binary string
	files        []string    // the first one is what it is started with
	places       [][2]string // what stands in the first file, and with LISTEN, AUTHAPI and APPLICATION for our addresses
	grpc         bool        // it asks authapi by gRPC
	command      func(binary, dir string) *exec.Cmd
}

var gateways = []gateway{{
	name: "nginx", binary: "nginx", files: []string{"nginx.conf"},
	places: [][2]string{
		{"listen 127.0.0.1:8000;", "listen LISTEN;"},
		{"server 127.0.0.1:8080;", "server AUTHAPI;"},
		{"server 127.0.0.1:3000;", "server APPLICATION;"},
		{"http {", "http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;"},
	},
	command: func(binary, dir string) *exec.Cmd {
		return exec.Command(binary, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr", "-g", "daemon off; master_process off; pid nginx.pid; error_log stderr;")
	},
}, {
	name: "envoy", binary: "ENVOY", files: []string{"envoy.yaml"}, grpc: true,
	places: [][2]string{
		{"{address: 0.0.0.0, port_value: 8000}", "{address: LISTEN_HOST, port_value: LISTEN_PORT}"},
		{"{address: authapi, port_value: 9001}", "{address: AUTHAPI_HOST, port_value: AUTHAPI_PORT}"},
		{"{address: application, port_value: 3000}", "{address: APPLICATION_HOST, port_value: APPLICATION_PORT}"},
	},
	command: func(binary, dir string) *exec.Cmd {
		return exec.Command(binary, "-c", filepath.Join(dir, "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
	},
}, {
	name: "caddy", binary: "caddy", files: []string{"Caddyfile"},
	places: [][2]string{{"http://:8000 {", "http://:LISTEN_PORT {"}, {" 127.0.0.1:8080 {", " AUTHAPI {"}, {"reverse_proxy 127.0.0.1:3000", "reverse_proxy APPLICATION"}},
	command: func(binary, dir string) *exec.Cmd {
		cmd := exec.Command(binary, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return cmd
	},
}, {
	name: "haproxy", binary: "haproxy", files: []string{"haproxy.cfg", "authapi.lua"},
	places: [][2]string{{"bind 127.0.0.1:8000", "bind LISTEN"}, {"http://127.0.0.1:8080/", "http://AUTHAPI/"}, {"server application 127.0.0.1:3000", "server application APPLICATION"}},
	command: func(binary, dir string) *exec.Cmd {
		cmd := exec.Command(binary, "-db", "-f", "haproxy.cfg")
		cmd.Dir = dir
		return cmd
	},
}}

// start runs the example with our addresses in place of its own, and gives the gateway's URL.
func (g gateway) start(t *testing.T, authapi, application string) string {
	t.Helper()
	binary, err := exec.LookPath(g.binary)
	if own := os.Getenv(g.binary); own != "" {
		binary, err = own, nil
	}
	if err != nil {
		t.Fatalf("%s is not installed: run `make test-edge`, which says how to get it", g.name)
	}
	at, err := devstack.FreeAddr()
	must(t, err)
	dir := t.TempDir()
	for i, name := range g.files {
		text := string(example(t, g.name, name))
		if i == 0 {
			text = g.placed(t, text, map[string]string{"LISTEN": at, "AUTHAPI": authapi, "APPLICATION": application})
		}
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	run(t, g.command(binary, dir))
	waitFor(t, g.name+" answers", func() bool {
		res, err := http.Get("http://" + at + "/")
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil
	})
	return "http://" + at
}

// placed puts the addresses into the text. What it looks for must stand there, or the test would run something else
// than the example.
func (g gateway) placed(t *testing.T, text string, addresses map[string]string) string {
	t.Helper()
	for _, place := range g.places {
		if strings.Count(text, place[0]) != 1 {
			t.Fatalf("examples/%s/%s must have %q once", g.name, g.files[0], place[0])
		}
		with := place[1]
		for name, address := range addresses {
			host, port, _ := strings.Cut(address, ":")
			with = strings.NewReplacer(name+"_HOST", host, name+"_PORT", port).Replace(with)
		}
		for name, address := range addresses {
			with = strings.ReplaceAll(with, name, address)
		}
		text = strings.Replace(text, place[0], with, 1)
	}
	return text
}

// run has a program run until the test ends, and shows what it said if the test fails.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var says strings.Builder
	cmd.Stdout, cmd.Stderr = &says, &says
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a wheel's envoy is a script that starts the program
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(says.String())
		}
	})
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if done() {
			return
		}
	}
	t.Fatalf("it did not come to this within a minute: %s", what)
}
