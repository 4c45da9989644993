package notice_test

import (
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/notice"
)

// Ensure the pauses between attempts grow from seconds to hours, and not beyond.
func TestPause(t *testing.T) {
	for attempts, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 20 * time.Second, 3: 80 * time.Second, 4: 320 * time.Second, 7: 20480 * time.Second, 8: 6 * time.Hour,
		9: 6 * time.Hour, 1_000_000: 6 * time.Hour,
	} {
		if got := notice.Pause(attempts); got != want {
			t.Errorf("after attempt %d: %s, want %s", attempts, got, want)
		}
	}
	var all time.Duration
	for n := 1; n < notice.Attempts; n++ {
		all += notice.Pause(n)
	}
	if days := all.Hours() / 24; days < 3 || days > 3.25 {
		t.Errorf("the attempts take %.2f days", days)
	}
}

// Ensure an endpoint gets what it wants, and all where it does not say.
func TestWants(t *testing.T) {
	ofLogin := notice.Notice{Type: notice.LoginNeeded, Subject: login}
	ofUser := notice.Notice{Type: notice.UserClosed, Subject: user}
	for name, c := range map[string]struct {
		e           notice.Endpoint
		login, user bool
	}{
		"all":            {notice.Endpoint{}, true, true},
		"a type":         {notice.Endpoint{Types: []string{string(notice.UserClosed)}}, false, true},
		"the realm":      {notice.Endpoint{Realms: []string{"other", "demo"}}, true, true},
		"another realm":  {notice.Endpoint{Realms: []string{"other"}}, false, false},
		"the client":     {notice.Endpoint{Clients: []string{"app"}}, true, false},
		"another client": {notice.Endpoint{Clients: []string{"app2"}}, false, false},
		"all of them":    {notice.Endpoint{Types: []string{string(notice.LoginNeeded)}, Realms: []string{"demo"}, Clients: []string{"app"}}, true, false},
	} {
		if c.e.Wants(ofLogin) != c.login || c.e.Wants(ofUser) != c.user {
			t.Errorf("%s: of a login %v, of a user %v", name, c.e.Wants(ofLogin), c.e.Wants(ofUser))
		}
	}
}
