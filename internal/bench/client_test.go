package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// client is one connection with requests that are written already, and hardly reads what comes: the less it takes itself,
// the more of the time is the server's.
type client struct {
	conn     net.Conn
	in       *bufio.Reader
	requests [][]byte
	next     int
	bytes    int // of the last answer
}

// clients are connections to addr, each with the requests of other users.
func (b *bench) clients(addr string, request func(i int) []byte) []*client {
	b.Helper()
	const each = 512
	var all []*client
	for c := range connections {
		var d net.Dialer
		conn, err := d.DialContext(b.Context(), "tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		one := &client{conn: conn, in: bufio.NewReader(conn)}
		for i := range each {
			one.requests = append(one.requests, request(b.keyed(c*each+i)))
		}
		all = append(all, one)
	}
	return all
}

// keyed is the i-th of the users who have a key, in no order.
func (b *bench) keyed(i int) int { return i * 7919 % ((b.n + 1) / 2) * 2 }

func askers(all []*client) (as []asker) {
	for _, c := range all {
		as = append(as, c.ask)
	}
	return as
}

var errNotOK = errors.New("an answer that is not 200")

func (c *client) ask() error {
	if _, err := c.conn.Write(c.requests[c.next%len(c.requests)]); err != nil {
		return err
	}
	c.next++
	c.bytes = 0
	length := 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		c.bytes += len(line)
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("%w: %s", errNotOK, line)
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == 2 {
			break
		}
	}
	n, err := io.CopyN(io.Discard, c.in, int64(length))
	c.bytes += int(n)
	return err
}
