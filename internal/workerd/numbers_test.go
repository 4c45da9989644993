package workerd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tokenstate/tokenstate/internal/projection"
)

// Ensure each state of a realm is a series, there is none before tokens were counted, and no number of
// realms fills Prometheus.
func TestTokenNumbers(t *testing.T) {
	n := projection.Numbers{}
	all := tokenNumbers{func() projection.Numbers { return n }}
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(all)
	if got := testutil.CollectAndCount(all); got != 0 {
		t.Errorf("%d series of nothing", got)
	}
	n = projection.Numbers{At: time.Now(), Of: map[projection.Judged]int{
		{Realm: "demo", State: "usable"}: 7, {Realm: "demo", State: "usable", InDoubt: true}: 2, {Realm: "demo", State: "revoked"}: 3,
		{Realm: "demo", State: "suspended"}: 0,
	}}
	err := testutil.GatherAndCompare(r, strings.NewReader(`
# HELP tokenstate_tokens Stored and tracked offline tokens by what is known of them, as old as tokenstate_tokens_age_seconds says. Realm "": all realms beyond the hundred largest.
# TYPE tokenstate_tokens gauge
tokenstate_tokens{in_doubt="false",realm="demo",state="revoked"} 3
tokenstate_tokens{in_doubt="false",realm="demo",state="suspended"} 0
tokenstate_tokens{in_doubt="false",realm="demo",state="usable"} 7
tokenstate_tokens{in_doubt="true",realm="demo",state="usable"} 2
`), "tokenstate_tokens")
	if err != nil {
		t.Error(err)
	}
	for i := range 200 {
		n.Of[projection.Judged{Realm: fmt.Sprint("r", i), State: "usable"}] = 1
	}
	if got := testutil.CollectAndCount(all, "tokenstate_tokens"); got != mostRealms+4 { // demo has four; the others of the hundred one each; and all others
		t.Errorf("%d series", got)
	}
	if got := bounded(n.Of)[projection.Judged{State: "usable"}]; got != 101 {
		t.Errorf("%d tokens of the other realms", got)
	}
}
