package workerconfig

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// PublishLimit bounds what stream.Log.Publish would try for ever.
const PublishLimit = 10 * time.Second

// Log is a connection to the log. NATS may be away: it connects as soon as it can.
func (c *Config) Log(ctx context.Context, logger zerolog.Logger) (*stream.Log, error) {
	trust, err := c.TLS()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	if err := stream.CheckSecrets(c.NATS.Reveal()); err != nil {
		return nil, fmt.Errorf("%w: NATS_URL: %w", settings.ErrConfiguration, err)
	}
	l, err := stream.Connect(ctx, stream.Options{
		URL: c.NATS.Reveal(), Credentials: c.NATSCreds, TLS: trust, Inbox: c.inbox(), Name: "revocation-worker", Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	return l, nil
}

// inbox is what deploy/nats.conf lets the user of NATS_URL subscribe to: with another prefix
// every request would time out.
func (c *Config) inbox() string {
	if c.NATSInbox != "" {
		return c.NATSInbox
	}
	first, _, _ := strings.Cut(c.NATS.Reveal(), ",")
	u, err := url.Parse(first)
	if err != nil {
		return ""
	}
	return map[string]string{"worker": "_INBOX_wo", "operator": "_INBOX_op"}[u.User.Username()]
}

// NATSHosts are the servers of NATS_URL, without what else stands in it.
func (c *Config) NATSHosts() string {
	var hosts []string
	for one := range strings.SplitSeq(c.NATS.Reveal(), ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return strings.Join(hosts, ",")
}

// TLS is how NATS is trusted; nil: as its URL says.
func (c *Config) TLS() (*tls.Config, error) {
	if c.NATSCA == "" && c.NATSCert == "" {
		return nil, nil // no TLS but what the URL asks for
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.NATSCA != "" {
		pem, err := os.ReadFile(c.NATSCA)
		if err != nil {
			return nil, fmt.Errorf("NATS_CA cannot be read: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("NATS_CA holds no certificate")
		}
	}
	if c.NATSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.NATSCert, c.NATSKey)
		if err != nil {
			return nil, errors.New("NATS_CERT and NATS_KEY are no pair that can be read")
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
