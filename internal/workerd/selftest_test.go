package workerd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
)

// Ensure a finding is said once, with what repairs it, counted until it is gone, and its end said.
func TestSelfTestSaysWhatIsNew(t *testing.T) {
	var log bytes.Buffer
	p := &running{logger: zerolog.New(&log)}
	p.measures = newMeasures(prometheus.NewRegistry(), p)
	fault := doctor.Finding{Check: "listener", Level: doctor.Fault, Found: "silent", Breaks: "news", Repair: "restart it"}
	fine := doctor.Finding{Check: "schema", Level: doctor.OK, Found: "is at 4"}
	said := map[string]string{}
	for i, c := range []struct {
		found []doctor.Finding
		count float64
		lines int
	}{
		{[]doctor.Finding{fine}, 0, 0},
		{[]doctor.Finding{fine, fault}, 1, 1},
		{[]doctor.Finding{fine, fault}, 1, 0},
		{[]doctor.Finding{fine}, 0, 1},
	} {
		log.Reset()
		said = p.say(c.found, said)
		if n := testutil.ToFloat64(p.measures.findings.WithLabelValues("fault")); n != c.count {
			t.Errorf("step %d: %v faults", i, n)
		}
		if n := strings.Count(log.String(), "\n"); n != c.lines {
			t.Errorf("step %d: %d lines: %s", i, n, log.String())
		}
		if i == 1 && !strings.Contains(log.String(), "restart it") {
			t.Errorf("it does not say what repairs it: %s", log.String())
		}
	}
}
