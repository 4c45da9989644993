package devstack

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// NATSHealth asks the NATS server of this container whether it takes the worker: by the names of
// deploy/nats.conf, so that no password is in a command line.
func NATSHealth() error {
	url := fmt.Sprintf("nats://worker:%s@127.0.0.1:%s", os.Getenv("NATS_WORKER_PASSWORD"), os.Getenv("NATS_PORT"))
	nc, err := nats.Connect(url, nats.Timeout(2*time.Second), nats.CustomInboxPrefix("_INBOX_wo"))
	if err != nil {
		return errors.New("nats does not take the worker") // the library's own words may repeat the URL
	}
	nc.Close()
	return nil
}
