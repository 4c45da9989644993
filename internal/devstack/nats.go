package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"
)

// ServeNATS runs the nats-server module in this process until a signal ends it: the body of
// the hidden command by which devstack starts itself again, so that nothing has to be installed.
func ServeNATS(conf string) error {
	opts, err := server.ProcessConfigFile(conf)
	if err != nil {
		return fmt.Errorf("read %s: %w", conf, err)
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	if err := server.Run(s); err != nil {
		return err
	}
	s.WaitForShutdown()
	return nil
}

// AsNATS makes this process a nats-server, and does not return, if it was started as one. A test that starts a stack calls
// it first in its TestMain, for devstack starts its own program again.
func AsNATS() {
	if len(os.Args) != 3 || os.Args[1] != "nats-server" {
		return
	}
	if err := ServeNATS(os.Args[2]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// natsServer is one server, which as a member of a cluster bears the name of its part.
type natsServer struct {
	name, conf, dir string
	port            int
}

func (n *natsServer) host() string { return "127.0.0.1:" + strconv.Itoa(n.port) }

func (s *Stack) startNATS(ctx context.Context) error {
	servers, err := s.natsServers()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var passwords []string
	urls := map[string][]string{}
	for _, user := range []string{"listener", "worker", "operator"} {
		password := randomText()
		passwords = append(passwords, "NATS_"+strings.ToUpper(user)+"_PASSWORD="+password)
		for _, n := range servers {
			urls[user] = append(urls[user], "nats://"+user+":"+password+"@"+n.host())
		}
	}
	all := func(user string) string { return strings.Join(urls[user], ",") }
	s.Env.NATSURL, s.natsWorker, s.natsListener = all("operator"), all("worker"), all("listener")
	group, ctx := errgroup.WithContext(ctx) // a cluster answers when most of its servers are there
	for i, n := range servers {
		pid := &s.Env.NATSPID
		if i > 0 {
			pid = new(int)
		}
		group.Go(func() error {
			return s.add(ctx, &part{
				name: n.name, sig: syscall.SIGTERM, pid: pid,
				make: func() *exec.Cmd {
					cmd := exec.Command(self, "nats-server", n.conf) //nolint:gosec,noctx // ourselves; Stop ends it
					cmd.Env = append(append(cleanEnv(), passwords...), "NATS_HOST=127.0.0.1", "NATS_PORT="+strconv.Itoa(n.port), "NATS_STORE_DIR="+n.dir)
					return cmd
				},
				check: func(ctx context.Context) error { return createStream(ctx, urls["operator"][i], len(servers)) },
			})
		})
	}
	return group.Wait()
}

// natsServers are one of deploy/nats.conf, or NATSNodes with the same settings, which know each other's routes.
func (s *Stack) natsServers() (servers []natsServer, err error) {
	var routes []string
	for i := range max(1, s.opts.NATSNodes) {
		n := natsServer{name: "nats", conf: filepath.Join(s.opts.Root, "deploy", "nats.conf")}
		if i > 0 {
			n.name += strconv.Itoa(i + 1)
		}
		if n.port, err = freePort(); err != nil {
			return nil, err
		}
		if n.dir, err = s.tempDir(n.name, nil); err != nil {
			return nil, err
		}
		route, err := FreeAddr()
		if err != nil {
			return nil, err
		}
		servers, routes = append(servers, n), append(routes, route)
	}
	for i := range servers {
		if err := servers[i].join(s.dir, routes, i); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// join writes the configuration of a member; one server alone has no routes.
func (n *natsServer) join(dir string, routes []string, i int) error {
	if len(routes) == 1 {
		return nil
	}
	base, err := filepath.Rel(dir, n.conf) // nats-server takes an included file from beside the one that names it
	if err != nil {
		return err
	}
	n.conf = filepath.Join(dir, n.name+".conf")
	text := fmt.Sprintf("include '%s'\nserver_name: %s\ncluster {\n  name: devstack\n  listen: \"%s\"\n  routes: [\"nats://%s\"]\n}\n",
		base, n.name, routes[i], strings.Join(routes, `", "nats://`))
	return os.WriteFile(n.conf, []byte(text), 0o600)
}
