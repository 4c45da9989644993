package postgres

import (
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), which the package syscall does not name.
const tcpUserTimeout = 18

// limitUnacked ends a connection whose other end acknowledges nothing any more. Keepalive does not:
// it is not sent while data waits to be acknowledged.
func limitUnacked(network, _ string, c syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(unacked.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return set
}
