//go:build chaos

package chaos

import (
	"fmt"
	"os"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// TestMain is also the NATS server, which has to be a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "nats-server" {
		if err := devstack.ServeNATS(os.Args[2]); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if code, done := inside(); done {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
