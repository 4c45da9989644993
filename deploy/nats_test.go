package deploy_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// Ensure every user may publish exactly what its part in the design needs.
func TestPublish(t *testing.T) {
	t.Parallel()
	const l, w, o = testenv.Listener, testenv.Worker, testenv.Operator
	for _, row := range []struct {
		subject string
		allowed []string
	}{
		{"tokenstate.v1.demo.event.LOGOUT", []string{l}},
		{"tokenstate.v1.demo.observation.user", []string{l}},
		{"tokenstate.v1.demo.event.LOGOUT.backfill", []string{w}},
		{"tokenstate.v1.demo.event.LOSS_LOG.worker", []string{w}},
		{"tokenstate.v1.demo.observation.user.look", []string{w}},
		{"tokenstate.v1.demo.event.LOGOUT.listener", nil},
		{"tokenstate.v1._.heartbeat.kc1", []string{l}},
		{"tokenstate.v1.demo.order.revoke", []string{w, o}},
		{"tokenstate.v1.demo.pardon.cause", []string{o}},
		{"tokenstate.v1._.mark.worker", []string{w}},
		{"tokenstate.v1.demo.other.x", nil},
		{"tokenstate.v2.demo.event.LOGOUT", nil},
		{"_INBOX.x", nil},
		{"_INBOX_wo.x", nil},
		{"anything", nil},
		{"$JS.API.STREAM.INFO.TOKENSTATE", []string{w, o}},
		{"$JS.API.DIRECT.GET.TOKENSTATE", []string{w, o}},
		{"$JS.API.CONSUMER.CREATE.TOKENSTATE.x", []string{w, o}},
		{"$JS.API.CONSUMER.INFO.TOKENSTATE.x", []string{w, o}},
		{"$JS.API.CONSUMER.MSG.NEXT.TOKENSTATE.x", []string{w, o}},
		{"$JS.API.CONSUMER.DELETE.TOKENSTATE.x", []string{w, o}},
		{"$JS.API.CONSUMER.CREATE.OTHER.x", []string{o}},
		{"$JS.API.CONSUMER.DURABLE.CREATE.TOKENSTATE.x", []string{o}},
		{"$JS.API.STREAM.CREATE.OTHER", []string{o}},
		{"$JS.API.STREAM.UPDATE.TOKENSTATE", []string{o}},
		{"$JS.API.STREAM.DELETE.TOKENSTATE", []string{o}},
		{"$JS.API.STREAM.PURGE.TOKENSTATE", []string{o}},
		{"$JS.API.STREAM.MSG.DELETE.TOKENSTATE", []string{o}},
		{"$JS.API.STREAM.SNAPSHOT.TOKENSTATE", []string{o}},
		{"$JS.API.INFO", []string{o}},
		{"$JS.ACK.TOKENSTATE.x.1.1.1.1.0", nil},
		{"$SYS.REQ.SERVER.PING", nil},
	} {
		t.Run(row.subject, func(t *testing.T) {
			t.Parallel()
			n := testenv.NewNATS(t)
			for _, user := range []string{l, w, o} {
				nc, _ := n.Connect(user, quiet)
				allowed(t, user+" publishes", slices.Contains(row.allowed, user), refusal(nc, nc.Publish(row.subject, nil)))
			}
		})
	}
}

// Ensure nobody can read another's replies, or the log past the stream.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	n := testenv.NewNATS(t)
	users := []string{testenv.Listener, testenv.Worker, testenv.Operator}
	for _, user := range users {
		for _, subject := range []string{">", "tokenstate.v1.>", "_INBOX.>", "_INBOX_kc.>", "_INBOX_wo.>", "_INBOX_op.>", "$JS.EVENT.>", "$SYS.>"} {
			nc, _ := n.Connect(user, quiet)
			_, err := nc.SubscribeSync(subject)
			allowed(t, user+" subscribes to "+subject, subject == testenv.Inbox(user)+".>", refusal(nc, err))
		}
	}
}

// Ensure nobody gets in without a password.
func TestConnect(t *testing.T) {
	t.Parallel()
	n := testenv.NewNATS(t)
	address := fmt.Sprintf("127.0.0.1:%d", n.Port())
	for _, url := range []string{"nats://" + address, "nats://worker:wrong@" + address, "nats://worker@" + address, "nats://sys:sys@" + address} {
		nc, err := nats.Connect(url)
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v, want it refused", url, err)
		}
		if nc != nil {
			nc.Close()
		}
	}
}

// quiet keeps expected refusals off the test's output; the tests ask for them.
func quiet(o *nats.Options) error {
	o.AsyncErrorCB = func(*nats.Conn, *nats.Subscription, error) {}
	return nil
}

// refusal is what the server had to say against the last thing that nc sent. A refused publish
// is not an error to its caller: the word comes on the side, and before the answer to a flush.
func refusal(nc *nats.Conn, err error) error {
	if err != nil {
		return err
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	return nc.LastError()
}

func allowed(t *testing.T, what string, want bool, err error) {
	t.Helper()
	switch {
	case err == nil && !want:
		t.Errorf("%s: allowed, want it refused", what)
	case err != nil && want:
		t.Errorf("%s: %v, want it allowed", what, err)
	case err != nil && !errors.Is(err, nats.ErrPermissionViolation):
		t.Errorf("%s: %v, want a permission violation", what, err)
	}
}
