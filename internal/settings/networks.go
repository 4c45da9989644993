package settings

import (
	"errors"
	"net/netip"
	"strings"
)

// Networks are addresses or networks such as 10.0.0.0/8, separated by commas; none is "".
func (t *Table) Networks(into *[]netip.Prefix, name, help string) {
	t.add(name, "", help, func(s string) error {
		*into = nil
		for one := range strings.SplitSeq(s, ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			p, err := network(one)
			if err != nil {
				return errors.New("is not a list of addresses and networks such as 10.0.0.0/8, separated by commas")
			}
			*into = append(*into, p)
		}
		return nil
	})
}

func network(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Unmap().Prefix(a.Unmap().BitLen())
}
