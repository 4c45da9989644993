// Package stream is the log over NATS JetStream, and the only place that knows JetStream.
//
// It reads without a durable consumer and acknowledges nothing: the commit of the reader's
// floor is the acknowledgement (design.md 5). Any error of a Reader means one thing to
// its caller: make a new Reader after the committed floor.
package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// Name is the stream that holds the log.
const Name = "TOKENSTATE"

// Options says how to reach NATS. Credentials never appear in errors or log lines.
type Options struct {
	URL, User, Password string
	Credentials         string // file of a user JWT and nkey; "" for none
	TLS                 *tls.Config
	Inbox               string // prefix of this identity's inboxes, such as _INBOX_wo
	Name                string // connection name, seen in the server's reports
	Logger              zerolog.Logger
}

// Log is one connection to the log.
type Log struct {
	conn *nats.Conn
	js   jetstream.JetStream
	log  zerolog.Logger

	complained atomic.Int64 // when, in Unix nanoseconds
}

// Connect returns at once, even while NATS is down: the connection is retried for ever. The
// caller closes it. ctx bounds nothing yet but a connection that is already cancelled.
func Connect(ctx context.Context, o Options) (*Log, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	conn, err := nats.Connect(o.URL, o.settings()...)
	if err != nil {
		// The library's error may repeat a URL with a password in it.
		return nil, errors.New("connect to NATS: the address, credentials or TLS settings are not usable; check them")
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(tryFor)) // a cluster without a leader answers nothing
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	return &Log{conn: conn, js: js, log: o.Logger}, nil
}

func (o Options) settings() []nats.Option {
	logger := o.Logger
	s := []nats.Option{
		nats.Name(o.Name), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(500 * time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		// A forbidden publish looks like a timeout to its caller: only this handler names it.
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			logger.Error().Err(err).Bool("forbidden", errors.Is(err, nats.ErrPermissionViolation)).Msg("NATS reports an error")
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: we closed it
				logger.Warn().Err(err).Msg("NATS is away")
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { logger.Info().Msg("NATS is back") }),
	}
	if o.User != "" {
		s = append(s, nats.UserInfo(o.User, o.Password))
	}
	if o.Credentials != "" {
		s = append(s, nats.UserCredentials(o.Credentials))
	}
	if o.TLS != nil {
		s = append(s, nats.Secure(o.TLS))
	}
	if o.Inbox != "" {
		s = append(s, nats.CustomInboxPrefix(o.Inbox))
	}
	return s
}

// Close ends the connection and every Reader of it.
func (l *Log) Close() { l.conn.Close() }
