//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// faults are the ways in which a cycle breaks something. Each heals what it broke, and says what it did.
var faults = map[string]func(*campaign, context.Context, *rand.Rand) (string, error){
	"kill": (*campaign).kill, "freeze": (*campaign).freeze, "partition": (*campaign).partition, "delay": (*campaign).delay,
	"failover": (*campaign).failover, "fill": (*campaign).fill, "clocks": (*campaign).clocks, "restore": (*campaign).restore, "behind": (*campaign).behind,
}

var parts = append(append([]string{"postgres", "nats"}, workers...), replicas...)

// between is a length of time of chance, in milliseconds.
func between(rnd *rand.Rand, low, high int) time.Duration {
	return time.Duration(low+rnd.Intn(high-low)) * time.Millisecond
}

// kill ends parts with SIGKILL at moments of chance, one by one or two at once, and starts them again.
func (c *campaign) kill(ctx context.Context, rnd *rand.Rand) (string, error) {
	var said []string
	for range 4 {
		victims := []string{parts[rnd.Intn(len(parts))]}
		if second := parts[rnd.Intn(len(parts))]; rnd.Intn(3) == 0 && second != victims[0] {
			victims = append(victims, second)
		}
		play.Pause(ctx, between(rnd, 0, 400))
		frozen := rnd.Intn(4) == 0
		for _, v := range victims {
			if err := c.end(v, frozen, rnd); err != nil {
				return strings.Join(said, " "), err
			}
			c.kills[strings.TrimRight(v, "12")]++
			said = append(said, v)
		}
		play.Pause(ctx, between(rnd, 0, 700))
		// Servers first: a program is ready only when they answer.
		for _, v := range parts {
			if slices.Contains(victims, v) {
				if err := c.b.stack.Restart(ctx, v); err != nil {
					return strings.Join(said, " "), err
				}
			}
		}
	}
	return strings.Join(said, " "), nil
}

// end kills a part; one time in four when it has been frozen for a moment, so that it dies with requests unread.
func (c *campaign) end(part string, frozen bool, rnd *rand.Rand) error {
	if frozen {
		if err := c.b.stack.Signal(part, syscall.SIGSTOP); err != nil {
			return err
		}
		play.Pause(c.t.Context(), between(rnd, 50, 400))
	}
	if part == "postgres" && (frozen || rnd.Intn(2) == 0) {
		return c.b.killPostgres() // and not the postmaster alone, whose children finish what they do: frozen ones never would
	}
	return c.b.stack.Kill(part, syscall.SIGKILL)
}

// freeze stops a part for some seconds, in the middle of whatever it does. Postgres, without which nothing can be
// revoked, only for as long as leaves time to recover within ten seconds.
func (c *campaign) freeze(ctx context.Context, rnd *rand.Rand) (string, error) {
	part, length := parts[rnd.Intn(len(parts))], between(rnd, 300, 9000)
	if part == "postgres" || part == "nats" {
		length = between(rnd, 300, 4000)
	}
	err := c.b.stack.Signal(part, syscall.SIGSTOP)
	if err == nil {
		play.Pause(ctx, length)
		err = c.b.stack.Signal(part, syscall.SIGCONT)
	}
	return fmt.Sprintf("%s %s", part, length), err
}

func (c *campaign) way(rnd *rand.Rand) *link {
	names := make([]string, 0, len(c.b.links))
	for name := range c.b.links {
		names = append(names, name)
	}
	slices.Sort(names)
	return c.b.links[names[rnd.Intn(len(names))]]
}

// partition lets nothing pass between two parts for some seconds; one time in three the connections are reset, too.
func (c *campaign) partition(ctx context.Context, rnd *rand.Rand) (string, error) {
	k, length := c.way(rnd), between(rnd, 300, 9000)
	k.shut()
	if rnd.Intn(3) == 0 {
		k.cut()
	}
	play.Pause(ctx, length)
	k.open()
	return fmt.Sprintf("%s %s", k.name, length), nil
}

// delay slows the ways of a program, or all to Postgres.
func (c *campaign) delay(ctx context.Context, rnd *rand.Rand) (string, error) {
	ways, by, length := []*link{c.way(rnd)}, between(rnd, 20, 400), between(rnd, 1000, 5000)
	if rnd.Intn(3) == 0 {
		ways, by = c.b.databaseLinks(), by/4
	}
	for _, k := range ways {
		k.slow(by)
	}
	play.Pause(ctx, length)
	for _, k := range ways {
		k.slow(0)
	}
	return fmt.Sprintf("%d ways, the first %s, by %s for %s", len(ways), ways[0].name, by, length), nil
}

// failover kills the primary while people act, and promotes the standby that had each commit.
func (c *campaign) failover(ctx context.Context, rnd *rand.Rand) (string, error) {
	c.number++
	promote, err := c.b.failover(ctx, c.number, nil)
	if err != nil {
		return "", err
	}
	play.Pause(ctx, between(rnd, 300, 1500))
	return "", promote()
}

// restore serves a backup that is some seconds old.
func (c *campaign) restore(ctx context.Context, rnd *rand.Rand) (string, error) {
	c.number++
	age, taken := between(rnd, 500, 4000), time.Now()
	then, err := c.b.older(ctx, c.number)
	if err != nil {
		return "", err
	}
	play.Pause(ctx, age)
	return age.String(), c.forgetting(ctx, taken, then)
}

// behind promotes an asynchronous standby that lacks the commits of the last moments.
func (c *campaign) behind(ctx context.Context, rnd *rand.Rand) (string, error) {
	c.number++
	k := newLink(c.t, "standby", c.b.primary.Addr())
	then, err := c.b.failover(ctx, c.number, k)
	if err != nil {
		return "", err
	}
	play.Pause(ctx, between(rnd, 300, 1000))
	by, since := between(rnd, 1, 2000), time.Now()
	k.shut()
	play.Pause(ctx, by)
	return by.String(), c.forgetting(ctx, since, func() error {
		k.cut()
		return then()
	})
}

// forgetting puts a database in the place of ours that lacks what was committed since a moment. What an operator has to do
// is done: operations.md says that keys and tokens since then must be made again. Orders that are not in the log yet are
// written again by the replicas, which run on.
func (c *campaign) forgetting(ctx context.Context, since time.Time, then func() error) error {
	c.pause()
	defer c.resume()
	for _, k := range c.watchers {
		k.doubtful()
	}
	if err := then(); err != nil {
		return err
	}
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.overridden += c.ledger.overridden(since)
	return c.again(since)
}

// again makes once more what was made since the backup. What was there before it must still be there. A key of
// somebody who may have none at present is gone.
func (c *campaign) again(taken time.Time) (err error) {
	for _, x := range c.w.things() {
		u := x.owner
		switch since, may := c.w.sinceOf(x.thing); {
		case since.Before(taken) || x.revoked:
		case x.name == "":
			err = errors.Join(err, c.player.track(u, x.thing))
		case may:
			err = errors.Join(err, c.player.mintAs(u, x.thing))
		default:
			c.w.change(u, "has lost "+x.name, func() {
				u.things = slices.DeleteFunc(u.things, func(y *thing) bool { return y == x.thing })
			})
		}
	}
	return err
}

// fill leaves no room on the disk of Postgres or of NATS. A Postgres that ends for that is started again by its
// supervisor, as it is where it runs for real.
func (c *campaign) fill(ctx context.Context, rnd *rand.Rand) (string, error) {
	part := []string{"postgres", "nats"}[rnd.Intn(2)]
	dir := c.b.disks[part]
	if dir == "" {
		return "skipped: only root can make a small disk", nil
	}
	length := between(rnd, 500, 3000)
	ballast := filepath.Join(dir, "ballast")
	err := filled(ballast)
	play.Pause(ctx, length)
	err = errors.Join(err, os.Remove(ballast))
	if c.b.stack.Ended(part) {
		err = errors.Join(err, c.b.stack.Restart(ctx, part))
	} else if part == "nats" {
		err = errors.Join(err, c.natsAgain(ctx))
	}
	return fmt.Sprintf("%s %s", part, length), err
}

// natsAgain: from 2.14 on a stream that met a full disk is frozen until the server is restarted.
func (c *campaign) natsAgain(ctx context.Context) error {
	if err := c.b.stack.Kill("nats", syscall.SIGTERM); err != nil {
		return err
	}
	return c.b.stack.Restart(ctx, "nats")
}

// filled writes until there is no room left.
func filled(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		if _, err = f.Write(block); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				break
			}
			block, err = block[:len(block)/2], nil
		}
	}
	return errors.Join(err, f.Close())
}

// clocks sets forward the clock of Postgres, of Keycloak, or of both, and back again. Keycloak's stands still until
// time has caught up with it.
func (c *campaign) clocks(ctx context.Context, rnd *rand.Rand) (string, error) {
	ours, theirs := between(rnd, 500, 4000), between(rnd, 1000, 30_000)
	if c.b.clock == "" {
		theirs = 0
	} else if err := c.b.setClock(theirs); err != nil {
		return "", err
	}
	c.w.step(ours)
	play.Pause(ctx, between(rnd, 500, 2500))
	c.w.step(0)
	said := fmt.Sprintf("Keycloak %s, Postgres %s ahead", ours, theirs)
	if c.b.clock == "" {
		return said + " (no libfaketime)", nil
	}
	return said, c.b.setClock(0)
}
