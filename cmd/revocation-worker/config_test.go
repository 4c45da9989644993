package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// Ensure a margin that does not cover the skew is refused before anything is touched: newborn
// tokens of a node whose clock is behind would be called dead.
func TestMarginCoversSkew(t *testing.T) {
	for _, c := range []struct {
		margin, skew string
		refused      bool
	}{
		{"10s", "5s", false}, {"6s", "5s", false}, {"5999ms", "5s", true}, {"1s", "0s", false}, {"2s", "5s", true},
	} {
		t.Setenv("WORKER_SETTLING_MARGIN", c.margin)
		t.Setenv("WORKER_SKEW", c.skew)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now()) // what is not refused stops at once
		err := runCommand().Run(ctx, []string{"run", "--keycloak-url", "http://127.0.0.1:1"})
		cancel()
		said := errors.Is(err, settings.ErrConfiguration) && strings.Contains(err.Error(), "WORKER_SETTLING_MARGIN")
		if said != c.refused {
			t.Errorf("margin %s, skew %s: %v", c.margin, c.skew, err)
		}
	}
}

// Ensure an empty NATS password is refused before it is tried, and the address is not repeated.
func TestEmptyNATSPasswordIsRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"nats://worker:@nats.example:4222", "nats://:secret-canary@nats.example:4222"} {
		c := config{nats: secret.New(url)}
		log, err := c.log(t.Context(), zerolog.Nop())
		if log != nil || !errors.Is(err, settings.ErrConfiguration) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
	}
}

// Ensure the first line of the log names the servers, and never what a URL says beside them.
func TestHostsWithoutSecrets(t *testing.T) {
	c := config{nats: secret.New("nats://worker:canary@a.example:4222, nats://worker:canary@b.example:4222,::canary")}
	if got := c.natsHosts(); got != "a.example:4222,b.example:4222" {
		t.Error(got)
	}
}
