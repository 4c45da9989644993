//go:build chaos

package chaos

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is the list of what was acknowledged. Each line is on disk before anybody relies on it.
type ledger struct {
	mu    sync.Mutex
	file  *os.File
	lines []line
	last  uint64 // the highest sequence that NATS has acknowledged
	over  map[string]bool
}

// line is one acknowledgement. ID is that of the message in the log; "" where authapi does not tell it.
type line struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Who  string    `json:"who"`
	ID   string    `json:"id,omitempty"`
	Seq  uint64    `json:"seq,omitempty"`
}

func newLedger(t *testing.T, path string) *ledger {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return &ledger{file: f, over: map[string]bool{}}
}

func (l *ledger) note(n line) error {
	n.At = time.Now().UTC()
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(raw, '\n')); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.lines, l.last = append(l.lines, n), max(l.last, n.Seq)
	return nil
}

// messages are the ids that must be in the journal; acked is how many lines there are.
func (l *ledger) messages() (ids []string, last uint64, acked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.lines {
		if n.ID != "" && !l.over[n.ID] {
			ids = append(ids, n.ID)
		}
	}
	return ids, l.last, len(l.lines)
}

// overridden: the database has lost what was committed since a moment, and the replicas write the orders again that are in
// force. Whether a user may have keys is said by the last order about that user: one that another had overridden by then is
// in nobody's memory, and nothing depends on it.
func (l *ledger) overridden(since time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := map[string]bool{}
	for _, x := range slices.Backward(l.lines) {
		switch {
		case !strings.HasPrefix(x.What, "standing ") || x.At.Before(since):
		case newest[x.Who]:
			l.over[x.ID] = true
			n++
		default:
			newest[x.Who] = true
		}
	}
	return n
}
