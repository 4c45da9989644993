//go:build chaos

package chaos

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// link is the only way from a program to a server. It can be shut, slowed down, cut and led elsewhere. What is
// sent while it is shut is not lost: as in a partition of a network, it arrives when the way is open again, if
// both ends still wait for it. (A proxy that throws bytes away in the middle of a connection does what no network does.)
type link struct {
	name     string
	listener net.Listener

	mu     sync.Mutex
	target string
	gate   chan struct{} // closed while bytes may pass
	delay  time.Duration
	conns  map[net.Conn]bool
	steps  *steps // of a program that speaks to Postgres; nil: bytes are passed as they come
}

func newLink(t *testing.T, name, target string) *link {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	k := &link{name: name, listener: l, target: target, gate: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(k.gate)
	t.Cleanup(func() { _ = l.Close(); k.open(); k.cut() })
	go k.accept()
	return k
}

func (k *link) addr() string { return k.listener.Addr().String() }

func (k *link) accept() {
	for {
		c, err := k.listener.Accept()
		if err != nil {
			return
		}
		go k.join(c)
	}
}

// join connects the program with the server. While the link is shut the program waits, as it would for
// an answer to its first packet.
func (k *link) join(program net.Conn) {
	k.keep(program)
	defer k.drop(program)
	k.wait()
	k.mu.Lock()
	target := k.target
	k.mu.Unlock()
	d := net.Dialer{Timeout: 5 * time.Second}
	server, err := d.DialContext(context.Background(), "tcp", target)
	if err != nil {
		return
	}
	k.keep(server)
	defer k.drop(server)
	done := make(chan struct{}, 2)
	go func() { k.pump(program, server, true); done <- struct{}{} }()
	go func() { k.pump(server, program, false); done <- struct{}{} }()
	<-done
}

func (k *link) pump(from, to net.Conn, program bool) {
	buf := make([]byte, 32<<10)
	write := func(b []byte) error { _, err := to.Write(b); return err }
	if steps := k.watched(); program && steps != nil {
		f := &frontend{steps: steps, named: map[string]string{}, way: k}
		write = func(b []byte) error { return f.pass(b, to) }
	}
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		play.Pause(context.Background(), k.wait())
		if write(buf[:n]) != nil {
			return
		}
	}
}

func (k *link) watched() *steps {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.steps
}

// watch reads all connections from now on. Those that are there are ended.
func (k *link) watch() *steps {
	k.mu.Lock()
	k.steps = &steps{}
	s := k.steps
	k.mu.Unlock()
	k.cut()
	return s
}

func (k *link) wait() time.Duration {
	k.mu.Lock()
	gate := k.gate
	k.mu.Unlock()
	<-gate
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.delay
}

func (k *link) keep(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns[c] = true
}

func (k *link) drop(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.conns, c)
	_ = c.Close()
}

// shut lets nothing pass.
func (k *link) shut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.gate:
		k.gate = make(chan struct{})
	default:
	}
}

func (k *link) open() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.gate:
	default:
		close(k.gate)
	}
}

// cut ends all connections at once.
func (k *link) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, and no orderly end
		}
		_ = c.Close()
	}
}

// slow delays what passes, each way.
func (k *link) slow(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.delay = d
}

// lead has new connections go elsewhere, and ends the old ones.
func (k *link) lead(target string) {
	k.mu.Lock()
	k.target = target
	k.mu.Unlock()
	k.cut()
}
