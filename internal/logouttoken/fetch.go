package logouttoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
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

// newPlace pins the URL and the networks that its host may lie in. Every address that the host
// resolves to is checked as it is dialled, so that a name cannot be bound anew in between.
func newPlace(address string, more []netip.Prefix) (place, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return place{}, errors.New("the address of the keys is not an http or https URL")
	}
	return pinned(address, networks{literal(u.Hostname()), more}), nil
}

func pinned(address string, may networks) place {
	dialer := &net.Dialer{Timeout: fetchLimit, Control: func(_, addr string, _ syscall.RawConn) error { return may.dial(addr) }}
	return place{address, &http.Client{
		Timeout: fetchLimit,
		// No proxy: it would choose the address.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: fetchLimit, MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
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

// networks says where the host may lie: at any public address, at the very one that is
// configured, and in the networks that are.
type networks struct {
	own  []netip.Prefix
	more []netip.Prefix
}

// literal are the networks that a configured host itself names.
func literal(host string) []netip.Prefix {
	if host == "localhost" {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	ip = ip.Unmap()
	return []netip.Prefix{netip.PrefixFrom(ip, ip.BitLen())}
}

func (n networks) dial(addr string) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return errors.New("not an address")
	}
	ip := at.Addr().Unmap().WithZone("")
	for _, p := range append(n.own, n.more...) {
		if p.Contains(ip) {
			return nil
		}
	}
	if !public(ip) {
		return errors.New("the host lies in a private network: if it is meant to, name the network in AUTHAPI_KEYCLOAK_NETWORKS")
	}
	return nil
}

// special are networks that netip has no word for.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func public(ip netip.Addr) bool {
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}
