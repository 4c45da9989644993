package postgres

import (
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/notice"
)

func due(t *testing.T, s *Store, endpoint string) []notice.Delivery {
	t.Helper()
	all, err := s.Notices().DueDeliveries(t.Context(), endpoint, 100)
	must(t, err)
	return all
}

// Ensure each endpoint gets its own deliveries, an attempt is made by one, and one that failed comes back after its pause
// or, where it was the last, not at all until somebody says so.
func TestDeliveries(t *testing.T) {
	s := New(newPool(t))
	ann, ben := needed("ann", "a", notice.Told{}), needed("ben", "b", notice.Told{})
	ann.For, ben.For = []string{"one", "two"}, []string{"one"}
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{ann, ben}))
	if one, two := due(t, s, "one"), due(t, s, "two"); len(one) != 2 || len(two) != 1 || len(due(t, s, "three")) != 0 ||
		one[0].ID != ann.ID() || one[0].Attempts != 0 || string(one[0].Body) != `{"cause":"a"}` {
		t.Fatalf("%v %v", one, two)
	}
	first := due(t, s, "one")[0]
	for _, want := range []bool{true, false} {
		taken, err := s.Notices().TakeDelivery(t.Context(), first, time.Hour)
		must(t, err)
		if taken != want {
			t.Errorf("taken: %v, want %v", taken, want)
		}
	}
	must(t, s.Notices().DeliveryFailed(t.Context(), first, "status 500", false))
	if left := due(t, s, "one"); len(left) != 1 || left[0].ID != ben.ID() {
		t.Errorf("one that failed does not wait: %v", left)
	}
	must(t, s.Notices().Delivered(t.Context(), due(t, s, "one")[0]))
	two := due(t, s, "two")[0]
	taken, err := s.Notices().TakeDelivery(t.Context(), two, 0)
	must(t, err)
	if again := due(t, s, "two"); !taken || len(again) != 1 || again[0].Attempts != 1 {
		t.Errorf("it is not due again at once: %v %v", taken, again)
	}
	must(t, s.Notices().DeliveryFailed(t.Context(), two, "status 410", true))
	parked, err := s.Notices().ParkedDeliveries(t.Context())
	must(t, err)
	if len(due(t, s, "two")) != 0 || len(parked) != 1 || parked[0].Endpoint != "two" || parked[0].Notices != 1 || parked[0].Fault != "status 410" {
		t.Errorf("parked: %v", parked)
	}
	n, err := s.Notices().RetryDeliveries(t.Context(), "two")
	must(t, err)
	if again := due(t, s, "two"); n != 1 || len(again) != 1 || again[0].Attempts != 0 {
		t.Errorf("tried again: %d %v", n, again)
	}
	if n, err := s.Notices().DropDeliveries(t.Context(), "two"); n != 0 || err != nil {
		t.Errorf("what is not parked is dropped: %d %v", n, err)
	}
}

// Ensure what is told again after somebody removed what was told is not delivered again, and that a delivery goes with its
// notice.
func TestDeliveries_OfWhatIsGone(t *testing.T) {
	pool := newPool(t)
	s, ann := New(pool), needed("ann", "a", notice.Told{})
	ann.For = []string{"one"}
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{ann}))
	must(t, s.Notices().Delivered(t.Context(), due(t, s, "one")[0]))
	_, err := pool.Exec(t.Context(), "DELETE FROM tokenstate.notice_state")
	must(t, err)
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{ann}))
	if left := due(t, s, "one"); len(left) != 0 {
		t.Errorf("delivered again: %v", left)
	}
	ben := needed("ben", "b", notice.Told{})
	ben.For = []string{"one"}
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{ben}))
	must(t, s.Notices().PruneNotices(t.Context(), time.Now().Add(time.Hour)))
	if left := due(t, s, "one"); len(left) != 0 {
		t.Errorf("of a notice that is gone: %v", left)
	}
}
