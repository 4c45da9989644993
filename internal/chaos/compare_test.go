//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

func notThere(got play.Answer, _ int) bool { return got.Status == http.StatusNotFound }

// relayed: everything that NATS has acknowledged is applied, and no order waits for NATS.
func (c *campaign) relayed(ctx context.Context) error {
	if n := c.p.left.Load(); n > 0 {
		return fmt.Errorf("%d messages are not acknowledged", n)
	}
	conn, err := c.b.sql(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, last, _ := c.ledger.messages()
	var floor int64
	var waiting int
	err = conn.QueryRow(ctx, "SELECT (SELECT seq FROM tokenstate.floor), (SELECT count(*) FROM tokenstate.outbox WHERE relayed_at IS NULL)").Scan(&floor, &waiting)
	if err == nil && (uint64(floor) < last || waiting > 0) {
		err = fmt.Errorf("the floor is %d of %d, and %d orders wait", floor, last, waiting)
	}
	return err
}

// missing are the acknowledged messages that the journal does not have.
func (c *campaign) missing(ctx context.Context) (ids []string, err error) {
	conn, err := c.b.sql(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	all, _, _ := c.ledger.messages()
	err = conn.QueryRow(ctx, "SELECT coalesce(array_agg(id), '{}') FROM unnest($1::text[]) AS acked(id) WHERE NOT EXISTS (SELECT FROM tokenstate.journal j WHERE j.id = acked.id)", all).Scan(&ids)
	return ids, err
}

// compare waits until all is quiet, for a bounded time, and holds everything to the ledger and the world.
func (c *campaign) compare(n int) (got tally) {
	c.t.Helper()
	ctx := c.t.Context()
	if err := eventually(ctx, settled, func() error { return c.relayed(ctx) }); err != nil && !c.p.careless {
		c.t.Errorf("cycle %d: not quiet: %v", n, err)
	}
	var lost []string
	err := eventually(ctx, 15*time.Second, func() (err error) {
		if lost, err = c.missing(ctx); err == nil && len(lost) > 0 {
			err = errors.New("some are missing")
		}
		return err
	})
	if err != nil {
		got.lost += len(lost)
		c.tell("cycle %d: the journal lacks %v (%v)", n, lost, err)
	}
	var differ []wrong
	_ = eventually(ctx, 30*time.Second, func() (err error) {
		differ, err = c.differences(ctx)
		if err == nil && len(differ) > 0 {
			err = errors.New("verdicts differ")
		}
		return err
	})
	for _, x := range differ {
		c.tell("cycle %d, when all was quiet: %s\n  %s", n, x, c.w.story(x.thing.owner))
	}
	for _, k := range c.watchers {
		early := k.take()
		for _, x := range early {
			c.tell("cycle %d, while it was broken: %s\n  %s", n, x, c.w.story(x.thing.owner))
		}
		differ = append(differ, early...)
		k.agreed(c.w.things())
	}
	for _, x := range differ {
		switch {
		case !x.good:
			got.falseUsable++
		case x.says.state == "unknown" || x.says.reason == "unknown":
			got.lost++
		default:
			got.falseRevoked++
		}
	}
	got.lost += int(c.player.gone.Swap(0))
	return got
}

// differences asks both replicas about everything.
func (c *campaign) differences(ctx context.Context) (out []wrong, err error) {
	things := c.w.things()
	for i, b := range c.b.backends {
		says, err := ask(ctx, b, things)
		if err != nil {
			return nil, err
		}
		for j, x := range things {
			if says[j].usable() != x.good {
				out = append(out, wrong{time.Now(), replicas[i], x.thing, x.good, says[j]})
			}
		}
	}
	return out, nil
}

// tell says what is wrong. Of a comparator that is what must be.
func (c *campaign) tell(format string, args ...any) {
	c.t.Helper()
	if c.comparator {
		c.t.Logf(format, args...)
		return
	}
	c.t.Errorf(format, args...)
}
