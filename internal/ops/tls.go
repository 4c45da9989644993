package ops

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/rs/zerolog"
)

// TLSFiles are PEM files. With ClientCA only who shows a certificate of it is answered.
type TLSFiles struct{ Cert, Key, ClientCA string }

// Wanted reports whether any is set.
func (f TLSFiles) Wanted() bool { return f != TLSFiles{} }

// Certificates are TLSFiles in use; they can be read again.
type Certificates struct {
	files TLSFiles
	now   atomic.Pointer[tls.Config]
}

// LoadTLS reads the files.
func LoadTLS(f TLSFiles) (*Certificates, error) {
	c := &Certificates{files: f}
	return c, c.Reload()
}

// Reload reads the files again. If one cannot be used, those before go on being used.
func (c *Certificates) Reload() error {
	cert, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("the TLS certificate and key: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	if c.files.ClientCA != "" {
		pem, err := os.ReadFile(c.files.ClientCA)
		if err != nil {
			return fmt.Errorf("the TLS authority of clients: %w", err)
		}
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return errors.New("the TLS authority of clients: no certificate in the file")
		}
	}
	c.now.Store(config)
	return nil
}

// Config is for a server; each connection gets the files as they were last read.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.now.Load(), nil },
	}
}

// ReloadOnHangup reads the files again at each SIGHUP, until ctx ends.
func (c *Certificates) ReloadOnHangup(ctx context.Context, logger zerolog.Logger) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			if err := c.Reload(); err != nil {
				logger.Error().Err(err).Msg("the TLS files are not used; those before are")
			} else {
				logger.Info().Msg("the TLS files were read again")
			}
		}
	}
}
