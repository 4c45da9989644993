package workerconfig

import (
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// Ensure an empty NATS password is refused before it is tried, and the address is not repeated.
func TestEmptyNATSPasswordIsRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"nats://worker:@nats.example:4222", "nats://:secret-canary@nats.example:4222"} {
		c := Config{NATS: secret.New(url)}
		log, err := c.Log(t.Context(), zerolog.Nop())
		if log != nil || !errors.Is(err, settings.ErrConfiguration) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
	}
}

// Ensure the first line of the log names the servers, and never what a URL says beside them.
func TestHostsWithoutSecrets(t *testing.T) {
	c := Config{NATS: secret.New("nats://worker:canary@a.example:4222, nats://worker:canary@b.example:4222,::canary")}
	if got := c.NATSHosts(); got != "a.example:4222,b.example:4222" {
		t.Error(got)
	}
}
