package workerconfig

import (
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Notices is what people are told by.
type Notices struct {
	Settle, Keep time.Duration
	SkipClients  string
	LoginURL     string
}

func (n *Notices) addTo(t *settings.Table) {
	t.Duration(&n.Settle, "WORKER_NOTICE_SETTLE", 30*time.Second, 0, time.Hour, "for how long nothing must have changed before a notice says so")
	t.Duration(&n.Keep, "WORKER_NOTICE_KEEP", 30*24*time.Hour, time.Hour, 365*24*time.Hour, "for how long notices can be read")
	t.Text(&n.SkipClients, "WORKER_NOTICE_SKIP_CLIENTS", "tokenstate-canary", "clients of whose logins nobody is told, separated by commas")
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
