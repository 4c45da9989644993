package tokenstate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// full is a sheet with all that can stand in one.
func full() *sheet {
	const c = "65000000-0000-4000-949a-c3a5a267fad4"
	return &sheet{
		standings: list[Standing]{
			{spot{}, "kc1", Standing{At: 1_790_000_007_280, Cause: c}},
			{spot{}, "kc2", Standing{At: -5, Gone: true, NotBefore: 7, ClientID: "app", Cause: "other"}},
			{spot{by: "backend"}, "", Standing{Disabled: true, NoOffline: true}},
			{spot{user: "u", client: "c", key: "k", by: "backend", kind: -3}, "", Standing{NotBefore: -1}},
		},
		looks:     list[Look]{{spot{}, "", Look{At: 9, Cause: c}}, {spot{}, "kc1", Look{At: 1}}},
		sightings: list[Sighting]{{spot{kind: 1}, "kc1", Sighting{At: 1, Start: 2, Second: 3, Cause: c, Owner: "u"}}},
		refusals:  list[Refusal]{{spot{kind: 1_790_000_000}, "", Refusal{Refused: true, At: 1, RetryAt: 2, Reason: "r", Cause: c}}},
		cutoffs: list[Cutoff]{
			{spot{}, "", Cutoff{Before: 1, At: 2}},
			{spot{}, c, Cutoff{Tokens: true, Before: 1, At: 2, Reason: ReasonOrder}},
			{spot{client: "c"}, c, Cutoff{Keys: true}},
		},
		doubts: list[Raised]{{spot{kind: 2}, "kc1", Raised{At: 4, Event: c}}, {spot{key: "sessions"}, "kc1", Raised{At: 5, Event: c}}},
	}
}

// Ensure a sheet that was folded is the same when it is unfolded, also in the room of another one.
func TestFold(t *testing.T) {
	n, room := newNames(), full()
	for _, p := range []*sheet{full(), {}, {looks: full().looks}, full()} {
		unfold(fold(p, n), n, room)
		if !room.equal(p) {
			t.Error(cmp.Diff(p, room, cmp.AllowUnexported(sheet{}, entry[Standing]{}, entry[Look]{}, entry[Sighting]{},
				entry[Refusal]{}, entry[Cutoff]{}, entry[Raised]{}, spot{})))
		}
	}
}

// Ensure what is known of most users, a login and the look taken for it, is one line of a processor's cache.
func TestAUserIsOneLine(t *testing.T) {
	const c, at = "65000000-0000-4000-949a-c3a5a267fad4", 1_790_000_007_280
	p := &sheet{
		standings: list[Standing]{{spot{}, "kc1", Standing{At: at, Cause: c}}},
		looks:     list[Look]{{spot{}, "kc1", Look{At: at, Cause: c}}},
		doubts: list[Raised]{
			{spot{kind: 2}, "kc1", Raised{At: at, Event: c}},
			{spot{key: string(bySessions)}, "kc1", Raised{At: at - 1_980, Event: c}},
			{spot{key: string(bySessions), kind: 2}, "kc1", Raised{At: at, Event: c}},
		},
	}
	if size := len(fold(p, newNames())); size > 64 {
		t.Errorf("a user takes %d bytes: the next size that there is memory of is 80", size)
	}
}
