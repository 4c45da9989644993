package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/notice"
)

// DueDeliveries are those of an endpoint whose time has come, the longest due first.
func (s Notices) DueDeliveries(ctx context.Context, endpoint string, most int) ([]notice.Delivery, error) {
	rows, err := q.DueDeliveries(ctx, s.pool, dbsqlc.DueDeliveriesParams{Endpoint: endpoint, Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	all := make([]notice.Delivery, len(rows))
	for i, r := range rows {
		all[i] = notice.Delivery{Endpoint: r.Endpoint, N: r.N, ID: r.ID, Attempts: int(r.Attempts), Body: []byte(r.Body)}
	}
	return all, nil
}

// TakeDelivery counts an attempt before it is made, so that it is made by one, and says when the next one would be; false:
// somebody else makes it.
func (s Notices) TakeDelivery(ctx context.Context, d notice.Delivery, pause time.Duration) (bool, error) {
	n, err := q.TakeDelivery(ctx, s.pool, dbsqlc.TakeDeliveryParams{
		PauseS: pause.Seconds(), Endpoint: d.Endpoint, N: d.N, Attempts: int32(d.Attempts),
	})
	if err != nil {
		return false, fmt.Errorf("take a delivery: %w", err)
	}
	return n > 0, nil
}

// Delivered removes what an endpoint has taken.
func (s Notices) Delivered(ctx context.Context, d notice.Delivery) error {
	if err := q.Delivered(ctx, s.pool, dbsqlc.DeliveredParams{Endpoint: d.Endpoint, N: d.N}); err != nil {
		return fmt.Errorf("note a delivery: %w", err)
	}
	return nil
}

// DeliveryFailed notes why an attempt that was taken did not succeed; park: it was the last.
func (s Notices) DeliveryFailed(ctx context.Context, d notice.Delivery, fault string, park bool) error {
	err := q.DeliveryFailed(ctx, s.pool, dbsqlc.DeliveryFailedParams{
		Fault: fault, Park: park, Endpoint: d.Endpoint, N: d.N, Attempts: int32(d.Attempts) + 1,
	})
	if err != nil {
		return fmt.Errorf("note a delivery that failed: %w", err)
	}
	return nil
}

// ParkedDeliveries are what an endpoint has not taken in all attempts.
type ParkedDeliveries struct {
	Endpoint string    `json:"endpoint"`
	Notices  int64     `json:"notices"`
	Oldest   time.Time `json:"oldest"`
	Fault    string    `json:"fault"` // of the latest notice
}

// ParkedDeliveries counts them by endpoint.
func (s Notices) ParkedDeliveries(ctx context.Context) ([]ParkedDeliveries, error) {
	rows, err := q.ParkedDeliveries(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read parked notices: %w", err)
	}
	all := make([]ParkedDeliveries, len(rows))
	for i, r := range rows {
		all[i] = ParkedDeliveries{r.Endpoint, r.Number, r.Oldest, r.Fault}
	}
	return all, nil
}

// RetryDeliveries has what is parked of an endpoint delivered from the first attempt on.
func (s Notices) RetryDeliveries(ctx context.Context, endpoint string) (int64, error) {
	n, err := q.RetryDeliveries(ctx, s.pool, endpoint)
	if err != nil {
		return 0, fmt.Errorf("retry parked notices: %w", err)
	}
	return n, nil
}

// DropDeliveries forgets what is parked of an endpoint. The notices themselves can be read all the same.
func (s Notices) DropDeliveries(ctx context.Context, endpoint string) (int64, error) {
	n, err := q.DropDeliveries(ctx, s.pool, endpoint)
	if err != nil {
		return 0, fmt.Errorf("drop parked notices: %w", err)
	}
	return n, nil
}
