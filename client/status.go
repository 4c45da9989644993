package client

import (
	"context"
	"net/http"
	"time"
)

// Status says whether what the other calls answer may be relied on.
type Status struct {
	Level      string        `json:"level"` // good, warn or bad
	Sentence   string        `json:"sentence"`
	At         time.Time     `json:"at"`
	KnownUntil *time.Time    `json:"known_until"` // up to then Keycloak is known completely; nil: it was never heard
	AgeMS      *int64        `json:"age_ms"`
	Checks     []StatusCheck `json:"checks"`
	Nodes      []StatusNode  `json:"nodes"`
	Log        *StatusLog    `json:"log"` // nil: the database has not answered since that replica started
}

// StatusCheck is one of the things that were looked at.
type StatusCheck struct {
	Name  string `json:"name"`
	Level string `json:"level"`
	Found string `json:"found"`
	Means string `json:"means"`
}

// StatusNode is a node of Keycloak.
type StatusNode struct {
	Name    string    `json:"name"`
	Level   string    `json:"level"` // none: it has left
	State   string    `json:"state"`
	HeardAt time.Time `json:"heard_at"`
	Queued  int       `json:"queued"`
	Dropped int64     `json:"dropped"`
}

// StatusLog is how far the log is applied.
type StatusLog struct {
	AppliedSeq    uint64          `json:"applied_seq"`
	Worker        string          `json:"worker"` // "": none ever was
	WorkerActive  bool            `json:"worker_active"`
	Parked        int64           `json:"parked"`
	OrdersWaiting int64           `json:"orders_waiting"`
	Verified      *StatusVerified `json:"verified"` // nil: none was noted
}

// StatusVerified is the last `revocation-worker verify`.
type StatusVerified struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Sound bool      `json:"sound"`
	Found string    `json:"found"`
}

// Status asks one replica. It answers while the database is away, too, and is ErrUnavailable while no answer may be relied on.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	var out Status
	if _, err := c.serve(ctx, http.MethodGet, "/v1/status", nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
