package outbound

import (
	"errors"
	"net/netip"
	"slices"
)

// networks says where the host may lie: at any public address, at the very one that is
// configured, and in the networks that are.
type networks struct {
	own     []netip.Prefix
	more    []netip.Prefix
	setting string // that gives more
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
	for _, p := range slices.Concat(n.own, n.more) {
		if p.Contains(ip) {
			return nil
		}
	}
	if !public(ip) {
		return errors.New("the host lies in a private network: if it is meant to, name the network in " + n.setting)
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
