//go:build chaos

package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// comparator is a way of doing it that must lose: with it the campaign shows that it can find a loss.
type comparator struct {
	name, what string
	careless   bool // the publisher
	overlay    func(t *testing.T) string
}

var comparators = []comparator{
	{"publish_inside_the_request", "the event is given to the NATS library within the request, and nobody waits for an acknowledgement", true, func(*testing.T) string { return "" }},
	{"acknowledge_before_the_commit", "the worker moves its position in the log before what it read is committed", false, acknowledgeFirst},
}

// Ensure that the campaign finds the losses of those who publish carelessly, or acknowledge too early.
func TestComparatorsLose(t *testing.T) {
	if os.Getenv("CHAOS_COMPARATORS") == "" {
		t.Skip("CHAOS_COMPARATORS=1 says that they are wanted")
	}
	cycles := int(number("CHAOS_COMPARATOR_CYCLES", 12))
	for _, k := range comparators {
		t.Run(k.name, func(t *testing.T) {
			c := newCampaign(t, number("CHAOS_SEED", 1), k.overlay(t), k.careless)
			c.comparator = true
			c.observe()
			n := 0
			for ; n < cycles && c.total.lost == 0; n++ {
				c.cycle(n+1, []string{"kill"})
			}
			fmt.Printf("comparator=%s cycles=%d acked=%d lost=%d false_revoked=%d false_usable=%d kills=%v\n", //nolint:forbidigo // what the option prints
				k.name, n, c.total.acked, c.total.lost, c.total.falseRevoked, c.total.falseUsable, c.kills)
			if c.total.lost == 0 {
				t.Errorf("%s, and the campaign found no loss in %d cycles", k.what, n)
			}
		})
	}
}

// acknowledgeFirst is an overlay in which the worker's floor, which is its acknowledgement, is committed before
// what the batch teaches. It is built for the comparator alone; the tree has no such code.
func acknowledgeFirst(t *testing.T) string {
	t.Helper()
	const from, to = "\t_, err := w.Store.Apply(ctx, b.Batch)\n", `	if _, err := w.Store.Apply(ctx, journal.Batch{From: b.From, To: b.To, Facts: tokenstate.NewFacts()}); err != nil {
		return err
	}
	b.From = b.To
	_, err := w.Store.Apply(ctx, b.Batch)
`
	const imports = "\t\"github.com/tokenstate/tokenstate/internal/journal\"\n"
	root, err := filepath.Abs("../..")
	must(t, err)
	at := filepath.Join(root, "internal", "worker", "apply.go")
	raw, err := os.ReadFile(at)
	must(t, err)
	if strings.Count(string(raw), from) != 1 || strings.Count(string(raw), imports) != 1 {
		t.Fatalf("%s is not as the comparator expects it", at)
	}
	text := strings.Replace(string(raw), from, to, 1)
	text = strings.Replace(text, imports, imports+"\t\"github.com/tokenstate/tokenstate/internal/tokenstate\"\n", 1)
	changed, overlay := filepath.Join(t.TempDir(), "apply.go"), filepath.Join(t.TempDir(), "overlay.json")
	must(t, os.WriteFile(changed, []byte(text), 0o600))
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{at: changed}})
	must(t, err)
	must(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}
