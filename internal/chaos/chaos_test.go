//go:build chaos

package chaos

import (
	"fmt"
	"testing"
	"time"
)

// Ensure that whatever is broken, nothing that was acknowledged is lost, no verdict is false, and no stop is long.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	cycles, seed := number("CHAOS_CYCLES", 3), number("CHAOS_SEED", time.Now().UnixNano()%1_000_000_000)
	names := chosen(t)
	c := newCampaign(t, seed, "", false)
	c.observe()
	n := 0
	for ; n < int(cycles) && t.Context().Err() == nil && !t.Failed(); n++ {
		c.cycle(n+1, names)
	}
	longest := max(c.answers.worst(), c.orders.worst())
	fmt.Printf("cycles=%d acked=%d lost=%d false_revoked=%d false_usable=%d longest_stop_s=%.1f decision_stop_s=%.1f kills=%v overridden=%d seed=%d\n", //nolint:forbidigo // the contract's line
		n, c.total.acked, c.total.lost, c.total.falseRevoked, c.total.falseUsable, longest.Seconds(), c.answers.worst().Seconds(), c.kills, c.overridden, seed)
	if c.total.lost+c.total.falseRevoked+c.total.falseUsable > 0 || longest > 10*time.Second {
		t.Errorf("run it again with CHAOS_SEED=%d", seed)
	}
}
