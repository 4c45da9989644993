package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/tokenstate/tokenstate/internal/outbound"
)

// Bounds of one delivery.
const (
	patience = 5 * time.Second
	maxRead  = 64 << 10 // of an answer, so that its connection can be used again
)

// Networks is the setting that names private networks in which receivers may lie.
const Networks = "WORKER_NOTICE_NETWORKS"

// Receiver is one endpoint.
type Receiver struct {
	url     string
	secrets []Secret
	client  *http.Client
	now     func() time.Time
}

// NewReceiver makes one. Its host may lie where outbound.Client says.
func NewReceiver(address string, secrets []Secret, more []netip.Prefix) (*Receiver, error) {
	client, err := outbound.Client(address, more, Networks, patience)
	if err != nil {
		return nil, err
	}
	return &Receiver{address, secrets, client, time.Now}, nil
}

// ErrGone says that the receiver wants nothing more.
var ErrGone = errors.New("status 410: the receiver wants nothing more")

// Post delivers a notice: a second time under the same id, if need be. No error repeats the URL, whose path or query may
// hold a secret.
func (r *Receiver) Post(ctx context.Context, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return outbound.ErrAddress
	}
	at := r.now()
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("User-Agent", "tokenstate")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", stamp(at))
	req.Header.Set("Webhook-Signature", signatures(r.secrets, id, at, body))
	answer, err := r.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, maxRead) // what it says does not matter, and may never end
	switch {
	case answer.StatusCode == http.StatusGone:
		return ErrGone
	case answer.StatusCode/100 == 3:
		return fmt.Errorf("status %d: redirects are not followed", answer.StatusCode)
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}

// withoutURL is a fault of net/http without the URL.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return fmt.Errorf("no answer within %s", patience)
		}
		return e.Err
	}
	return err
}
