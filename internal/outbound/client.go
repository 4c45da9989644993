// Package outbound calls addresses that an operator has configured, and sees to it that nobody else chooses where the call
// goes: neither a name that is bound anew, nor a redirect, nor a proxy.
package outbound

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	maxHeader  = 64 << 10
	atOnce     = 2
	idleEnough = time.Minute
)

// ErrAddress is given for an address that cannot be called.
var ErrAddress = errors.New("the address is not an http or https URL")

// Client is for calls of one address. Its host may lie at any public address, at the very one that the address names, and
// in the networks that the setting of that name gives. Every address that the host resolves to is checked as it is
// dialled, so that a name cannot be bound anew in between.
func Client(address string, more []netip.Prefix, setting string, limit time.Duration) (*http.Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, ErrAddress
	}
	return client(networks{literal(u.Hostname()), more, setting}, limit), nil
}

func client(may networks, limit time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: limit, Control: func(_, addr string, _ syscall.RawConn) error { return may.dial(addr) }}
	return &http.Client{
		Timeout: limit,
		// No proxy: it would choose the address.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: limit, MaxResponseHeaderBytes: maxHeader, MaxConnsPerHost: atOnce,
			IdleConnTimeout: idleEnough,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
