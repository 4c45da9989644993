package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const days tokenstate.Seconds = 24 * 60 * 60

// Ensure when a session ends is what the latest look to list it says, on whichever node, and that nothing is said of one
// whose life is short, that no look tells of, or that was used since.
func TestEnds(t *testing.T) {
	lists := func(at events.Millis, node string, ends, life events.Seconds) func(*story) {
		return func(s *story) {
			s.look(at, node, []events.ClientSession{{Session: "s1", Client: "c1", Start: birth, Ends: ends, Life: life}})
		}
	}
	refreshed := func(at events.Millis) func(*story) {
		return func(s *story) {
			s.tell(events.Message{ID: "refresh-1", At: at, Source: events.Authapi, Body: &events.Order{
				Order: events.OrderRefresh, By: "authapi", User: "u1", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: birth,
			}})
		}
	}
	end := birth + 30*days
	own := func(expires tokenstate.Seconds) tokenstate.Token {
		of := token
		of.Expires = expires
		return of
	}
	for name, c := range map[string]struct {
		told []func(*story)
		of   tokenstate.Token
		want tokenstate.Seconds
	}{
		"nothing is known":               {nil, token, 0},
		"a look tells":                   {[]func(*story){lists(1000*sec, "kc1", end, 30*days)}, token, end},
		"an older jar":                   {[]func(*story){lists(1000*sec, "kc1", 0, 0)}, token, 0},
		"a short life":                   {[]func(*story){lists(1000*sec, "kc1", birth+13*days, 13*days)}, token, 0},
		"used, as another node saw":      {[]func(*story){lists(1000*sec, "kc1", end, 30*days), lists(2000*sec, "kc2", end+days, 30*days)}, token, end + days},
		"a look that came late":          {[]func(*story){lists(2000*sec, "kc2", end+days, 30*days), lists(1000*sec, "kc1", end, 30*days)}, token, end + days},
		"seen last by an older jar":      {[]func(*story){lists(1000*sec, "kc1", end, 30*days), lists(2000*sec, "kc2", 0, 0)}, token, 0},
		"refreshed since":                {[]func(*story){lists(1000*sec, "kc1", end, 30*days), refreshed(2000 * sec)}, token, 0},
		"refreshed before the look":      {[]func(*story){refreshed(500 * sec), lists(1000*sec, "kc1", end, 30*days)}, token, end},
		"its own end is sooner":          {[]func(*story){lists(1000*sec, "kc1", end, 30*days)}, own(end - days), end - days},
		"its own end is later":           {[]func(*story){lists(1000*sec, "kc1", end, 30*days)}, own(end + days), end},
		"its own end alone":              {nil, own(birth + 20*days), birth + 20*days},
		"a token that was made for less": {nil, own(birth + 13*days), 0},
	} {
		s := newStory()
		for _, tell := range c.told {
			tell(s)
		}
		if got := s.facts.Ends(c.of); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
