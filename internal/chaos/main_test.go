//go:build chaos

package chaos

import (
	"os"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// TestMain is also the NATS server, which has to be a process of its own.
func TestMain(m *testing.M) {
	devstack.AsNATS()
	if code, done := inside(); done {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
