package worker

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// Bounds of delivering.
const (
	deliverAtOnce = 20 // read at once, and sent one after another
	deliverEvery  = time.Second
	deliverAfter  = 5 * time.Second // a fault, which is most likely the endpoint's and not the notice's
)

// Results of an attempt.
const (
	DeliveryDone   = "delivered"
	DeliveryFailed = "failed"
	DeliveryParked = "parked"
)

// ErrUnwanted is in a Receiver's error when no further attempt makes sense.
var ErrUnwanted = errors.New("the receiver wants nothing more")

// Receiver is who takes notices at an endpoint. It has a bound of its own for how long that may last.
type Receiver interface {
	Post(ctx context.Context, id string, body []byte) error
}

// Deliveries are what endpoints have not taken yet.
type Deliveries interface {
	DueDeliveries(ctx context.Context, endpoint string, most int) ([]notice.Delivery, error)
	TakeDelivery(ctx context.Context, d notice.Delivery, pause time.Duration) (bool, error)
	Delivered(ctx context.Context, d notice.Delivery) error
	DeliveryFailed(ctx context.Context, d notice.Delivery, fault string, park bool) error
}

// Courier brings notices to endpoints. Each endpoint is served by itself, so that one which does not answer holds up no
// other. A notice may come twice, under the same id: when the endpoint's word that it has it was lost.
type Courier struct {
	Receivers  map[string]Receiver // by the endpoint's name
	Deliveries Deliveries
	Tried      func(endpoint, result string)
	Logger     zerolog.Logger
}

// Run delivers until ctx ends. It returns nil then, and never otherwise.
func (c *Courier) Run(ctx context.Context) error {
	var all errgroup.Group
	for name, r := range c.Receivers {
		all.Go(func() error { c.serve(ctx, name, r); return nil })
	}
	return all.Wait()
}

func (c *Courier) serve(ctx context.Context, endpoint string, r Receiver) {
	var complained time.Time
	for ctx.Err() == nil {
		more, err := c.some(ctx, endpoint, r)
		switch {
		case err != nil:
			if ctx.Err() == nil && time.Since(complained) >= complainGap {
				complained = time.Now()
				c.Logger.Warn().Str("endpoint", endpoint).Err(err).Msg("a notice was not delivered; it is tried again")
			}
			_ = pause.For(ctx, deliverAfter)
		case !more:
			_ = pause.For(ctx, deliverEvery)
		}
	}
}

// some delivers what is due, up to the first fault.
func (c *Courier) some(ctx context.Context, endpoint string, r Receiver) (more bool, err error) {
	due, err := c.Deliveries.DueDeliveries(ctx, endpoint, deliverAtOnce)
	if err != nil {
		return false, err
	}
	for _, d := range due {
		if err := c.one(ctx, d, r); err != nil {
			return false, err
		}
	}
	return len(due) == deliverAtOnce, nil
}

// one makes an attempt that nobody else makes.
func (c *Courier) one(ctx context.Context, d notice.Delivery, r Receiver) error {
	taken, err := c.Deliveries.TakeDelivery(ctx, d, notice.Pause(d.Attempts+1))
	if err != nil || !taken {
		return err
	}
	fault := r.Post(ctx, d.ID, d.Body)
	if fault == nil {
		c.Tried(d.Endpoint, DeliveryDone)
		return c.Deliveries.Delivered(ctx, d)
	}
	if ctx.Err() != nil {
		return ctx.Err() // this worker's end says nothing of the endpoint
	}
	park := errors.Is(fault, ErrUnwanted) || d.Attempts+1 >= notice.Attempts
	c.Tried(d.Endpoint, map[bool]string{false: DeliveryFailed, true: DeliveryParked}[park])
	return errors.Join(fault, c.Deliveries.DeliveryFailed(ctx, d, fault.Error(), park))
}
