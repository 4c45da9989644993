package workerd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

// Ensure each node that counts has series of its own, and none that is gone.
func TestNodeMetrics(t *testing.T) {
	at := time.UnixMilli(1_000_000)
	beats := []hearing.Beat{
		{Node: "kc-0", At: 985_000, Received: 985_000, Queued: 3, Oldest: 977_500, Dropped: 2},
		{Node: "kc-1", At: 999_000, Received: 999_000},
		{Node: "kc-2", Received: 998_000, Leaving: true},
		{Node: "kc-3", Received: 999_000 - hearing.ForgetAfter - 1},
	}
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(nodeMetrics{func() []hearing.Beat { return beats }, func() time.Time { return at }})
	err := testutil.GatherAndCompare(r, strings.NewReader(`
# HELP tokenstate_listener_age_seconds Since a Keycloak node was heard; without a node: since any was.
# TYPE tokenstate_listener_age_seconds gauge
tokenstate_listener_age_seconds 1
tokenstate_listener_age_seconds{node="kc-0"} 15
tokenstate_listener_age_seconds{node="kc-1"} 1
# HELP tokenstate_listener_dropped Messages that a Keycloak node has dropped since it started.
# TYPE tokenstate_listener_dropped gauge
tokenstate_listener_dropped{node="kc-0"} 2
tokenstate_listener_dropped{node="kc-1"} 0
# HELP tokenstate_listener_oldest_seconds How old the oldest of them was then.
# TYPE tokenstate_listener_oldest_seconds gauge
tokenstate_listener_oldest_seconds{node="kc-0"} 7.5
tokenstate_listener_oldest_seconds{node="kc-1"} 0
# HELP tokenstate_listener_queued Messages that a Keycloak node had not delivered when it was last heard.
# TYPE tokenstate_listener_queued gauge
tokenstate_listener_queued{node="kc-0"} 3
tokenstate_listener_queued{node="kc-1"} 0
`))
	if err != nil {
		t.Error(err)
	}
	for i := range 150 { // names that come and go
		beats = append(beats, hearing.Beat{Node: fmt.Sprint("pod-", i), Received: 999_500})
	}
	if n := testutil.CollectAndCount(nodeMetrics{func() []hearing.Beat { return beats }, time.Now}, "tokenstate_listener_age_seconds"); n != mostNodes+1 {
		t.Errorf("%d series of 152 nodes", n)
	}
	beats = beats[:1]
	if n := testutil.CollectAndCount(nodeMetrics{func() []hearing.Beat { return beats }, time.Now}, "tokenstate_listener_age_seconds"); n != 2 {
		t.Errorf("%d series after all but one are gone", n)
	}
}

// Ensure a realm's store alarm is a series of its own, and no series when there is none.
func TestStoreAlarms(t *testing.T) {
	for want, realms := range [][]string{nil, {"demo"}} {
		if n := testutil.CollectAndCount(storeAlarms{func() []string { return realms }}); n != want {
			t.Errorf("%d series of %q", n, realms)
		}
	}
}
