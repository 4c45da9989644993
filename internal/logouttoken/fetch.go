package logouttoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/tokenstate/tokenstate/internal/outbound"
)

// Bounds of fetching keys.
const (
	fetchLimit = 2 * time.Second
	maxKeySet  = 1 << 20 // bytes
)

// place is where the keys are: one configured URL, never one that a token or a document names.
type place struct {
	url    string
	client *http.Client
}

// newPlace pins the URL and the networks that its host may lie in.
func newPlace(address string, more []netip.Prefix) (place, error) {
	client, err := outbound.Client(address, more, "AUTHAPI_KEYCLOAK_NETWORKS", fetchLimit)
	if err != nil {
		return place{}, fmt.Errorf("the keys: %w", err)
	}
	return place{address, client}, nil
}

func (p place) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, errors.New("the address of the keys is not an URL")
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys: status %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch keys: %w", err)
	case len(raw) > maxKeySet:
		return nil, errors.New("fetch keys: the document is too large")
	}
	return raw, nil
}
