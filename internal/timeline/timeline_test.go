package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const start = events.Millis(1_700_000_000_000)

// say is a message of the n-th second.
func say(n events.Millis, id string, s events.Source, b events.Body) events.Message {
	return events.Message{ID: id, Realm: "demo", At: start + n*1000, Received: start + n*1000, Source: s, Node: "n1", Body: b}
}

var app = tokenstate.Token{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: 1_699_990_000}

func told(ms ...events.Message) Told {
	return Told{
		Realm: "demo", User: "u", Messages: ms, Tokens: []tokenstate.Token{app}, Rules: tokenstate.DefaultRules(),
		Facts: tokenstate.NewFacts(), Now: time.Unix(1_700_100_000, 0),
	}
}

func userLook(n events.Millis, id string, enabled bool, causes ...events.Cause) events.Message {
	return say(n, id, events.Listener, &events.Observation{
		Causes: causes, Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
		User:    &events.UserLook{User: "u", Enabled: enabled, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u", Complete: true, Sessions: []events.ClientSession{{Session: "s", Client: "c1", ClientID: "app"}}}},
	})
}

// Ensure each verdict's change is told at the message that made it, and that what concerned
// everybody is told only where it mattered.
func TestAStory(t *testing.T) {
	got := Tell(told(
		say(1, "realm-look-1", events.Listener, &events.Observation{Realm: &events.RealmLook{Enabled: true}}),
		say(2, "event-0002/l", events.Listener, &events.Happened{Event: "event-0002", Kind: "user", Type: "LOGOUT", User: "u", Session: "s"}),
		say(3, "user-look-03", events.Listener, &events.Observation{
			Causes:  []events.Cause{{Event: "event-0002", Type: "LOGOUT", Session: "s", At: start + 2000}},
			User:    &events.UserLook{User: "u", Enabled: true, OfflineAccess: true},
			Rosters: []events.Roster{{User: "u", Complete: true}},
		}),
		say(4, "realm-look-4", events.Listener, &events.Observation{Realm: &events.RealmLook{Enabled: false}}),
	), Asked{User, "u"}).Steps
	want := []Step{
		{ID: "event-0002/l", From: "listener", What: "event LOGOUT", Changes: []Change{
			{"token of app in session s", "usable", "usable, in doubt"},
		}},
		{ID: "user-look-03", From: "listener", What: "look at the user: enabled, offline sessions listed: 0", Changes: []Change{
			{"owner of keys", "never looked at", "active"}, {"token of app in session s", "usable, in doubt", "revoked (session_ended)"},
		}},
		{ID: "realm-look-4", From: "listener", What: "look at the realm: disabled", Changes: []Change{{"owner of keys", "active", "closed (realm_disabled)"}}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d steps: %+v", len(got), got)
	}
	for i, w := range want {
		if g := got[i]; g.ID != w.ID || g.From != w.From || g.What != w.What || !slices.Equal(g.Changes, w.Changes) {
			t.Errorf("step %d is\n%+v, not\n%+v", i, g, w)
		}
	}
}

// disabled is the story of a user whom an administrator disabled, and who is looked at every five minutes since.
func disabled(looks int) Told {
	ms := []events.Message{
		userLook(1, "look-at-birth", true),
		say(100, "event-0100/l", events.Listener, &events.Happened{
			Event: "event-0100", Kind: "admin", Type: "UPDATE USER", Path: "users/u", User: "u",
			Actor: &events.Actor{User: "admin-1", Client: "console", Realm: "master-id"},
		}),
		userLook(101, "look-after-it", false, events.Cause{Event: "event-0100", Type: "UPDATE USER", At: start + 100_000}),
	}
	for i := range looks {
		ms = append(ms, userLook(events.Millis(400+300*i), fmt.Sprintf("sweep-%04d", i), false))
	}
	d := told(ms...)
	d.Keys = []apikey.Listed{{Issue: apikey.Issue{
		Record:   apikey.Record{ID: "key0000001", Realm: "demo", User: "u", Org: "o", Name: "__SYSTEM__:automation", Kind: apikey.KindSystem, Created: 1_700_000_010},
		LastFour: "abcd", MadeBy: "service:backend",
	}}}
	return d
}

// Ensure the conclusion names the event and the administrator, however often the same was seen since, and what helps.
func TestConclusion(t *testing.T) {
	s := Tell(disabled(288), Asked{User, "u"})
	if len(s.Conclusion) != 2 {
		t.Fatalf("concluded: %+v", s.Conclusion)
	}
	for i, want := range []Line{
		{What: "API keys", State: "refused", Reason: text("user_disabled"), IDs: []string{"key0000001"}},
		{What: "offline tokens of app", State: "suspended", Reason: text("user_disabled"), IDs: []string{"s"}},
	} {
		l := s.Conclusion[i]
		if l.What != want.What || l.State != want.State || *l.Reason != *want.Reason || !slices.Equal(l.IDs, want.IDs) {
			t.Errorf("line %d: %+v", i, l)
		}
		if *l.EventID != "event-0100" || l.Since == nil || l.Since.UnixMilli() != int64(start)+100_000 || l.Actor == nil || l.Actor.User != "admin-1" || l.Do == nil {
			t.Errorf("line %d does not lead to who did it, when, and what helps: %+v", i, l)
		}
		var lines []string
		l.Write(func(first, piece string) { lines = append(lines, first+piece) })
		for _, part := range []string{"user_disabled since 2023-11-14 22:15:00Z", "administrator admin-1", "event-0100", "client console of realm master-id", "do: enable the user in Keycloak"} {
			if !strings.Contains(strings.Join(lines, "\n"), part) {
				t.Errorf("line %d lacks %q:\n%s", i, part, strings.Join(lines, "\n"))
			}
		}
	}
}

// Ensure what the backend closed is to be opened by the backend.
func TestConclusionOfAnOrder(t *testing.T) {
	d := disabled(0)
	d.Messages = append(d.Messages[:1], say(50, "order-00050", events.Authapi, &events.Order{Order: events.OrderStanding, By: "service:b", User: "u"}))
	l := Tell(d, Asked{User, "u"}).Conclusion[0]
	if *l.EventID != "order-00050" || *l.By != "user disabled by service:b" || !strings.Contains(*l.Do, "/standing") || strings.Contains(*l.Do, "in Keycloak, or") {
		t.Errorf("%+v", l)
	}
}

// Ensure the short story has what changed something, and counts the looks between.
func TestFold(t *testing.T) {
	s := Tell(disabled(288), Asked{User, "u"})
	short, rest := Fold(s.Steps)
	var what []string
	for _, step := range Newest(short) {
		if step.Changes == nil {
			t.Errorf("the changes of %q are no list", step.What)
		}
		what = append(what, step.What)
	}
	want := []string{
		"288 looks since Nov 14 22:20, no change; the last: look at the user: disabled, offline sessions listed: 1",
		"look at the user: disabled, offline sessions listed: 1",
		"event UPDATE USER by administrator admin-1",
		`key key0000001 (system "automation" of organization o) made by service:backend`,
		"look at the user: enabled, offline sessions listed: 1",
	}
	if !slices.Equal(what, want) || rest != 0 {
		t.Errorf("%d other messages, and the steps\n%s", rest, strings.Join(what, "\n"))
	}
	if short[len(short)-1].Times != 288 {
		t.Errorf("the last step stands for %d", short[len(short)-1].Times)
	}
	if all := Newest(s.Steps); len(all) != 292 || all[0].ID != "sweep-0287" {
		t.Errorf("%d steps, the newest is %s", len(all), all[0].ID)
	}
}

// Ensure nothing is told of a token before it was there.
func TestNoTokenBeforeItsBirth(t *testing.T) {
	d := told(
		say(1, "event-0001/l", events.Listener, &events.Happened{Event: "event-0001", Kind: "admin", Type: "CREATE REALM", Path: "demo"}),
		userLook(200, "look-at-the-user", true),
	)
	d.Tokens[0].IssuedAt, d.Tokens[0].Session = 1_700_000_100, "later"
	for _, s := range Tell(d, Asked{User, "u"}).Steps {
		for _, c := range s.Changes {
			if strings.HasPrefix(c.What, "token") && s.ID == "event-0001/l" {
				t.Errorf("a token that was issued later: %+v", c)
			}
		}
	}
}

// Ensure the key or session that was asked about is concluded first, also a dead key, and others' dead keys are not.
func TestWhatWasAskedAboutComesFirst(t *testing.T) {
	d := told(userLook(1, "look-at-birth", true))
	for i, revoked := range []tokenstate.Seconds{0, 1_700_000_500, 1_700_000_600} {
		d.Keys = append(d.Keys, apikey.Listed{Issue: apikey.Issue{Record: apikey.Record{
			ID: fmt.Sprintf("key%07d", i), Realm: "demo", User: "u", Kind: apikey.KindUser, Created: 1_700_000_010, RevokedAt: revoked, RevokedBy: "order-1",
		}}})
	}
	first := func(asked Asked) Line { return Tell(d, asked).Conclusion[0] }
	if l := first(Asked{AKey, "key0000001"}); l.State != "refused" || *l.Reason != "revoked" || !slices.Equal(l.IDs, []string{"key0000001"}) {
		t.Errorf("a dead key: %+v", l)
	}
	if l := first(Asked{AKey, "key0000000"}); l.State != "admitted" || len(l.IDs) != 1 {
		t.Errorf("a live key: %+v", l)
	}
	if l := first(Asked{Session, "s"}); l.What != "offline tokens of app" {
		t.Errorf("a session: %+v", l)
	}
	d.Keys = d.Keys[1:]
	if l := first(Asked{User, "u"}); l.State != "refused" || *l.Reason != "revoked" || len(l.IDs) != 2 {
		t.Errorf("where every key is dead: %+v", l)
	}
	d.Keys = d.Keys[:1]
	d.Keys[0].RevokedAt, d.Keys[0].RevokedBy, d.Keys[0].Expires = 0, "", 1_700_000_700
	if l := first(Asked{User, "u"}); *l.Reason != "expired" || l.EventID != nil || l.Since == nil || l.Since.Unix() != 1_700_000_700 {
		t.Errorf("a key that has expired, of a user who is well: %+v", l)
	}
	none := told()
	none.Tokens = nil
	for _, l := range Tell(none, Asked{User, "u"}).Conclusion {
		if l.State != "none" || l.IDs == nil {
			t.Errorf("of nothing: %+v", l)
		}
	}
}
