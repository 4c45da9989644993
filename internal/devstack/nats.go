package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
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

func (s *Stack) startNATS(ctx context.Context) error {
	dir, err := s.tempDir("nats", nil)
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	listener, worker, operator := randomText(), randomText(), randomText()
	host := "127.0.0.1:" + strconv.Itoa(port)
	s.Env.NATSURL = "nats://operator:" + operator + "@" + host
	s.natsWorker = "nats://worker:" + worker + "@" + host
	s.natsListener = "nats://listener:" + listener + "@" + host
	return s.add(ctx, &part{
		name: "nats", sig: syscall.SIGTERM, pid: &s.Env.NATSPID,
		make: func() *exec.Cmd {
			cmd := exec.Command(self, "nats-server", filepath.Join(s.opts.Root, "deploy", "nats.conf")) //nolint:gosec,noctx // ourselves; Stop ends it
			cmd.Env = append(cleanEnv(), "NATS_HOST=127.0.0.1", "NATS_PORT="+strconv.Itoa(port), "NATS_STORE_DIR="+dir,
				"NATS_LISTENER_PASSWORD="+listener, "NATS_WORKER_PASSWORD="+worker, "NATS_OPERATOR_PASSWORD="+operator)
			return cmd
		},
		check: func(ctx context.Context) error { return CreateStream(ctx, s.Env.NATSURL) },
	})
}
