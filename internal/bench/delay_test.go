package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// delayed is the address of the database behind a proxy that holds everything for half a round trip, each way.
func (b *bench) delayed(address string) string {
	b.Helper()
	u, err := url.Parse(address)
	b.must(err)
	l, to := b.listener(), u.Host
	var all sync.WaitGroup
	b.running(func(ctx context.Context) error {
		context.AfterFunc(ctx, func() { _ = l.Close() })
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				all.Wait()
				return nil
			}
			if err != nil {
				return err
			}
			all.Go(func() { relay(ctx, conn, to) })
		}
	})
	u.Host = l.Addr().String()
	return u.String()
}

func relay(ctx context.Context, in net.Conn, to string) {
	var d net.Dialer
	out, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		_ = in.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = in.Close(); _ = out.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { later(ctx, out, in) })
	both.Go(func() { later(ctx, in, out) })
	both.Wait()
}

type held struct {
	raw []byte
	due time.Time
}

// later copies what comes, half a round trip later. What comes meanwhile does not wait for what went before.
func later(ctx context.Context, to, from net.Conn) {
	pieces := make(chan held, 1024)
	var writing sync.WaitGroup
	writing.Go(func() {
		for p := range pieces {
			_ = pause.For(ctx, time.Until(p.due)) // when it is over, both are closed
			_, _ = to.Write(p.raw)                // who is gone does not read either, and is found out below
		}
		_ = to.Close()
	})
	for buffer := make([]byte, 32<<10); ; {
		n, err := from.Read(buffer)
		if n > 0 {
			pieces <- held{append([]byte(nil), buffer[:n]...), time.Now().Add(roundTrip / 2)}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = from.Close()
			}
			break
		}
	}
	close(pieces)
	writing.Wait()
}
