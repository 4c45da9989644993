package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const maxVarz = 1 << 20

// SyncAlways asks the server's monitoring port (http://host:8222) whether an acknowledged message
// is on the disk. JetStream's own API does not tell.
func SyncAlways(ctx context.Context, monitor string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(monitor, "/")+"/varz", nil)
	if err != nil {
		return false, errors.New("the address of NATS's monitoring port is not one")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, errors.New("NATS's monitoring port does not answer")
	}
	defer func() { _ = res.Body.Close() }()
	var varz struct {
		JetStream *struct {
			Config *struct {
				SyncAlways bool `json:"sync_always"`
			} `json:"config"`
		} `json:"jetstream"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, maxVarz)).Decode(&varz)
	if err != nil || res.StatusCode != http.StatusOK || varz.JetStream == nil || varz.JetStream.Config == nil {
		return false, fmt.Errorf("NATS's monitoring port answers %d, and not how JetStream is set", res.StatusCode)
	}
	return varz.JetStream.Config.SyncAlways, nil
}
