package sim

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The histories here were wrong, with the verdict not in doubt, as long as the rule that each names was missing. They
// are kept as the simulator printed them.

// Ensure an answer of the admin API that is older than its time says overrules nothing that a node has seen.
func TestAStaleAnswerOverrulesNothing(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{-34, 4254}, database: -86, resource: false, slim: true,
		steps: []step{
			{Act: "login", User: 1, Session: 2, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 15117734746260396695},
			{Wait: 1921, Act: "login", Client: 1, Session: 4, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 6930816721477386570},
			{Wait: 278, Act: "login", User: 1, Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 15338908803162749905},
			{Wait: 296, Act: "disable", Client: 1, Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 12154328769923886010},
			{Act: "end", User: 1, Client: 1, Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 17899247178968807359},
		},
	})
}

// Ensure a session that went while it was too young for its absence to count is known to be gone in the end.
func TestAnEarlyLookIsNotAnsweredByAnEarlierListing(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 200, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{-22, 3020}, database: 45, resource: true, slim: false,
		steps: []step{
			{Act: "login", User: 1, Session: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 15034903477681966950},
			{Wait: 1871, Act: "reuse", User: 1, Session: 5, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 7971772876296894221},
		},
	})
}

// Ensure an older look of a node whose clock is ahead of the log's opens nothing by arriving later.
func TestLooksAreInTheirNodesOrder(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{13857, 14678}, database: -217, resource: true, slim: true,
		steps: []step{
			{Act: "login", User: 1, Client: 1, Session: 2, Event: fate{Delay: 1}, Look: fate{Delay: 28664}, Seed: 4222782571202667405},
			{Wait: 1284, Act: "revoke", Client: 1, Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 5922033560181935964},
		},
	})
}

// Ensure a look between an event and its commit does not settle the event's doubt.
func TestALookBeforeTheCommitSettlesNothing(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 0, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{10054}, database: -80, resource: true, slim: false,
		steps: []step{
			{Act: "disable", Client: 1, Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 2, Lost: true}, After: 659, Seed: 2561204601991368702},
		},
	})
}

// Ensure an event that the log was told of late does not hide another one of its node that was committed later, and whose
// look was lost.
func TestAnEventToldLateHidesNoLaterCommit(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 0, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{93}, database: 104, resource: true, slim: false,
		steps: []step{
			{Act: "disable", Client: 1, Session: 3, Commit: 327, Event: fate{Delay: 746}, Look: fate{Delay: 1}, Seed: 13238038753646722027},
			{Wait: 112, Act: "role", User: 1, Session: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 13065950426894079390},
			{Wait: 295, Act: "disable", Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 4, Lost: true}, Seed: 15660806333669972281},
		},
	})
}

// Ensure a session that is made anew on a node whose clock is behind, and so with an earlier start, is not dead for good.
func TestASessionMayBeginAnewEarlier(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 200, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{291, -4467}, database: 130, resource: true, slim: false,
		steps: []step{
			{Act: "login", Client: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 15899366955724982071},
			{Act: "login", User: 1, Session: 2, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 7980895434380518411},
			{Act: "login", Client: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 3916737206161805034},
			{Wait: 1927, Act: "login", Event: fate{Delay: 4, Found: 39948, Lost: true}, Look: fate{Delay: 1}, Seed: 15451242220715890622},
			{Act: "consent", User: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 5586803862392280101},
			{Act: "sso", Session: 5, Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 1737345271449878599},
		},
	})
}

// Ensure the same where no look tells more: the worker has the admin API only, and Keycloak decides.
func TestADisputedStartIsADoubt(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 200, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{2940, 7877}, database: -120, resource: false, slim: true,
		steps: []step{
			{Act: "login", Session: 4, Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 6947998931581544739},
			{Wait: 525, Act: "logout", Client: 1, Session: 5, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 18196543832155392658},
			{Act: "sso", Session: 5, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 3726174514229733810},
		},
	})
}

// Found as seeds 1792 and 3161 when a token's owner became its session's: a look at the session that came too early to
// prove anything, and then one that says only that there is no such user, left the token usable and not in doubt.
func TestAnEarlyLookAtASessionWithoutOwnerSettlesNothing(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{38, 900}, database: 76, resource: true,
		steps: []step{
			{Act: "login", Session: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, After: 16173, Seed: 5372181895050523304},
			{Act: "delete", Client: 1, Session: 4, Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 11509466196786439600},
			{Act: "worker", User: 1, Session: 5, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 5149693456003300897},
		},
	})
}

// Found as seed 36465: a token that bears the client's old name was refused, and with it another one of the same session
// and second that bears the new name.
func TestARefusalIsOfItsName(t *testing.T) {
	holds(t, history{
		rules: tokenstate.Rules{Margin: 10000, Skew: 5000, CacheLag: 10000, Sweep: 3600000, ClosedSweep: 300000},
		ahead: []millis{281, -4276}, database: -263, resource: false, slim: true,
		steps: []step{
			{Act: "login", Client: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 11686411198363166153},
			{Wait: 263, Act: "rename", User: 1, Client: 1, Session: 3, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 9429296287270370149},
			{Wait: 2802, Act: "logout-all", Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 8026218828519894504},
			{Wait: 1252, Act: "outcome", User: 1, Client: 1, Session: 4, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 14098052466073204950},
			{Act: "sso", User: 1, Client: 1, Node: 1, Event: fate{Delay: 1}, Look: fate{Delay: 1}, Seed: 163937577899020791},
		},
	})
}
