package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events/stream"
)

// builtWatermill is the peer of tools/watermill. It is a process: its subscribers cannot be ended while messages come.
func (b *bench) builtWatermill() string {
	b.Helper()
	to := filepath.Join(b.TempDir(), "watermill")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-C", filepath.Join("..", "..", "tools", "watermill"), "-trimpath", "-o", to).CombinedOutput()
	if err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return to
}

// watermill is naive by subscribers of Watermill. It gives messages a second.
func (b *bench) watermill(binary string, l log, address string, subscribers, n int) float64 {
	b.Helper()
	pool := b.pool(address, 1)
	defer pool.Close()
	_, err := pool.Exec(b.Context(), naiveSchema)
	b.must(err)
	c := exec.CommandContext(b.Context(), binary)
	c.Env = append(os.Environ(), "WATERMILL_NATS="+l.url, "WATERMILL_STREAM="+stream.Name, "WATERMILL_DATABASE="+address,
		"WATERMILL_INSERT="+naiveInsert, "WATERMILL_UPSERT="+naiveUpsert, fmt.Sprint("WATERMILL_RUN=", subscribers, " ", n))
	c.Stderr = os.Stderr
	out, err := c.Output()
	b.must(err)
	rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	b.must(err)
	var kept int
	b.must(pool.QueryRow(b.Context(), "SELECT count(*) FROM naive_message").Scan(&kept))
	if kept < n {
		b.Fatalf("of %d messages Watermill has kept %d", n, kept)
	}
	return rate
}
