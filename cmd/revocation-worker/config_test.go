package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
