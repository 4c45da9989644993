package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/notice"
)

// letters are deliveries as a database keeps them.
type letters struct {
	mu   sync.Mutex
	all  []*letter
	lost int // how often the word that a letter was taken is lost
}

type letter struct {
	notice.Delivery

	next         time.Time
	done, parked bool
	fault        string
}

func (l *letters) put(endpoint string, n int64) {
	l.all = append(l.all, &letter{Delivery: notice.Delivery{Endpoint: endpoint, N: n, ID: fmt.Sprint("id-", n)}, next: time.Now()})
}

func (l *letters) DueDeliveries(_ context.Context, endpoint string, most int) (some []notice.Delivery, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		if one.Endpoint == endpoint && !one.done && !one.parked && !one.next.After(time.Now()) && len(some) < most {
			some = append(some, one.Delivery)
		}
	}
	return some, nil
}

func (l *letters) of(d notice.Delivery) *letter {
	return l.all[slices.IndexFunc(l.all, func(one *letter) bool { return one.Endpoint == d.Endpoint && one.N == d.N })]
}

func (l *letters) TakeDelivery(_ context.Context, d notice.Delivery, wait time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of(d)
	if one.Attempts != d.Attempts || one.done {
		return false, nil
	}
	one.Attempts++
	one.next = time.Now().Add(wait)
	return true, nil
}

func (l *letters) Delivered(_ context.Context, d notice.Delivery) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost > 0 {
		l.lost--
		return errors.New("the connection is gone")
	}
	l.of(d).done = true
	return nil
}

func (l *letters) DeliveryFailed(_ context.Context, d notice.Delivery, fault string, park bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of(d)
	one.fault, one.parked = fault, park
	return nil
}

// door is a receiver that does as a test says, and keeps what it was brought.
type door struct {
	answer func(id string) error

	mu  sync.Mutex
	got []string
}

func (d *door) Post(_ context.Context, id string, _ []byte) error {
	d.mu.Lock()
	d.got = append(d.got, id)
	d.mu.Unlock()
	return d.answer(id)
}

// delivering runs couriers in a bubble for so long.
func delivering(t *testing.T, l *letters, doors map[string]*door, couriers int, long time.Duration) map[string]int {
	t.Helper()
	var mu sync.Mutex
	results := map[string]int{}
	synctest.Test(t, func(t *testing.T) {
		for _, one := range l.all {
			one.next = time.Now()
		}
		receivers := map[string]Receiver{}
		for name, d := range doors {
			receivers[name] = d
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range couriers {
			c := &Courier{Receivers: receivers, Deliveries: l, Logger: zerolog.Nop(), Tried: func(endpoint, result string) {
				mu.Lock()
				defer mu.Unlock()
				results[endpoint+" "+result]++
			}}
			all.Go(func() { _ = c.Run(ctx) })
		}
		<-time.After(long)
		synctest.Wait()
		cancel()
		all.Wait()
	})
	return results
}

func taken(string) error { return nil }

// Ensure everything is brought once to whom it is for, and that an endpoint which does not answer holds up no other.
func TestCourier(t *testing.T) {
	l, doors := &letters{}, map[string]*door{"good": {answer: taken}, "dead": {answer: func(string) error {
		<-time.After(5 * time.Second)
		return errors.New("no answer within 5s")
	}}}
	for n := range int64(50) {
		l.put("good", n)
		l.put("dead", n)
	}
	results := delivering(t, l, doors, 1, 4*time.Second)
	if d := cmp.Diff(map[string]int{"good delivered": 50}, results); d != "" {
		t.Error(d)
	}
	if len(doors["dead"].got) != 1 {
		t.Errorf("the dead endpoint was tried %d times in 4 s", len(doors["dead"].got))
	}
}

// Ensure what fails is tried again after the pause that is due, and parked after the last attempt.
func TestCourierGivesUp(t *testing.T) {
	l, dead, results := &letters{}, &door{answer: func(string) error { return errors.New("status 500") }}, map[string]int{}
	l.put("dead", 1)
	c := &Courier{Deliveries: l, Tried: func(_, result string) { results[result]++ }}
	for n := 1; n < notice.Attempts+3; n++ {
		l.all[0].next = time.Now()
		_, _ = c.some(t.Context(), "dead", dead)
		if wait := time.Until(l.all[0].next); n == 3 && (wait < notice.Pause(3)/2 || wait > notice.Pause(3)) {
			t.Errorf("after attempt %d it waits for %s", n, wait)
		}
	}
	if d := cmp.Diff(map[string]int{DeliveryFailed: notice.Attempts - 1, DeliveryParked: 1}, results); d != "" {
		t.Error(d)
	}
	if !l.all[0].parked || l.all[0].fault != "status 500" || len(dead.got) != notice.Attempts {
		t.Errorf("%d attempts, %+v", len(dead.got), l.all[0])
	}
}

// Ensure one notice that an endpoint does not like does not keep the others from it.
func TestCourierGoesOn(t *testing.T) {
	l, picky := &letters{}, &door{answer: func(id string) error {
		if id == "id-0" {
			return errors.New("status 400")
		}
		return nil
	}}
	for n := range int64(5) {
		l.put("picky", n)
	}
	delivering(t, l, map[string]*door{"picky": picky}, 1, time.Minute)
	for _, one := range l.all[1:] {
		if !one.done {
			t.Errorf("%s has not come", one.ID)
		}
	}
}

// Ensure whoever wants nothing more is not asked again about a notice.
func TestCourierUnwanted(t *testing.T) {
	l, gone := &letters{}, &door{answer: func(string) error { return fmt.Errorf("status 410: %w", ErrUnwanted) }}
	l.put("gone", 1)
	delivering(t, l, map[string]*door{"gone": gone}, 1, time.Hour)
	if len(gone.got) != 1 || !l.all[0].parked {
		t.Errorf("%d attempts, %+v", len(gone.got), l.all[0])
	}
}

// Ensure two workers, of which one does not know yet that it is not the active one, bring nothing twice; and that what was
// taken while the word of it was lost comes again under the same id.
func TestCouriersSideBySide(t *testing.T) {
	l, good := &letters{}, &door{answer: taken}
	l.put("good", 1)
	c := &Courier{Deliveries: l, Tried: func(string, string) {}}
	due, err := l.DueDeliveries(t.Context(), "good", 10)
	must(t, err)
	for range 2 { // both have read it
		must(t, c.one(t.Context(), due[0], good))
	}
	if len(good.got) != 1 {
		t.Errorf("%d came", len(good.got))
	}
	l, good = &letters{lost: 1}, &door{answer: taken}
	l.put("good", 1)
	delivering(t, l, map[string]*door{"good": good}, 1, time.Minute)
	if d := cmp.Diff([]string{"id-1", "id-1"}, good.got); d != "" || !l.all[0].done {
		t.Errorf("%s %+v", d, l.all[0])
	}
}
