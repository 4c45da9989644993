package stream

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Ensure an address without a password is refused before it is tried, and one with is not.
func TestCheckSecrets(t *testing.T) {
	for addresses, fine := range map[string]bool{
		"nats://n:4222": true, "nats://worker:pw@n:4222": true, "tls://token@n": true, "nats://a:b@m, nats://a:b@n": true,
		"nats://worker:@n:4222": false, "nats://:pw@n": false, "nats://@n": false, "nats://a:b@m, nats://worker:@n": false,
	} {
		if err := CheckSecrets(addresses); errors.Is(err, ErrEmptySecret) == fine {
			t.Errorf("%s: %v", addresses, err)
		}
	}
}

// Ensure a user whose password is empty in NATS is found, one with a password is not, and a NATS that
// is away is no answer.
func TestOpenTo(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
		Users: []*server.User{{Username: "listener"}, {Username: "worker", Password: "pw"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stop(s) })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	o := Options{URL: "nats://worker:pw@" + s.Addr().String()}
	open, err := OpenTo(t.Context(), o, "worker", "listener")
	if err != nil || !slices.Equal(open, []string{"listener"}) {
		t.Errorf("%v %v", open, err)
	}
	stop(s)
	if _, err := OpenTo(t.Context(), o, "worker"); err == nil {
		t.Error("a NATS that is away lets nobody in")
	}
}
