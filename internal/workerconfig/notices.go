package workerconfig

import (
	"net/netip"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Notices is what people are told by.
type Notices struct {
	Settle, Keep time.Duration
	SkipClients  string
	LoginURL     string

	EndpointsFile string         // "": nothing is delivered
	Networks      []netip.Prefix // private ones that endpoints may lie in
}

func (n *Notices) addTo(t *settings.Table) {
	t.Duration(&n.Settle, "WORKER_NOTICE_SETTLE", 30*time.Second, 0, time.Hour, "for how long nothing must have changed before a notice says so")
	t.Duration(&n.Keep, "WORKER_NOTICE_KEEP", 30*24*time.Hour, time.Hour, 365*24*time.Hour, "for how long notices can be read")
	t.Text(&n.SkipClients, "WORKER_NOTICE_SKIP_CLIENTS", "tokenstate-canary", "clients of whose logins nobody is told, separated by commas")
	t.Text(&n.EndpointsFile, "WORKER_NOTICE_ENDPOINTS_FILE", "", "YAML file of where notices are delivered, read at the start: name, url, secret or secret_file, types, realms, clients")
	t.Networks(&n.Networks, "WORKER_NOTICE_NETWORKS", "private networks that the hosts of these may lie in, such as 10.0.0.0/8, separated by commas")
	t.URL(&n.LoginURL, "WORKER_LOGIN_URL", true, "where a user logs in again; told in notices")
}

// Skipped are the clients of whose logins nobody is told.
func (n *Notices) Skipped() map[string]bool {
	skip := map[string]bool{}
	for one := range strings.SplitSeq(n.SkipClients, ",") {
		skip[strings.TrimSpace(one)] = true
	}
	return skip
}
