package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// valve is a way to a server that can be shut: nothing is refused then, and nothing comes.
type valve struct {
	addr string
	shut atomic.Bool
}

func (s *system) valve(to string) *valve {
	s.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	must(s.t, err)
	v := &valve{addr: l.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	s.t.Cleanup(func() { cancel(); _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
			all.Go(func() { v.pass(ctx, out, in) })
			all.Go(func() { v.pass(ctx, in, out) })
		}
	})
	return v
}

func (v *valve) pass(ctx context.Context, to io.WriteCloser, from io.ReadCloser) {
	defer func() { _, _ = to.Close(), from.Close() }()
	some := make([]byte, 32<<10)
	for {
		n, err := from.Read(some)
		for v.shut.Load() && ctx.Err() == nil {
			play.Pause(ctx, 10*time.Millisecond)
		}
		if err != nil {
			return
		}
		if _, err := to.Write(some[:n]); err != nil {
			return
		}
	}
}

// cutOff: one replica hears nothing of the database any more, while the others go on. What it
// answers stays what it was, and says how old it is, up to AUTHAPI_KEY_MAX_STALE; then nothing.
func cutOff(s *system, t *testing.T) {
	database, err := url.Parse(s.stack.Env.DatabaseURL)
	must(t, err)
	v := s.valve(database.Host)
	database.Host = v.addr
	r := s.serve("DATABASE_URL="+database.String(), "AUTHAPI_KEY_MAX_STALE=5s")
	user, _ := s.login()
	key := keyOf(s, user, "cut off")
	ask := func() (status int, version, age int) {
		t.Helper()
		status, header := s.headerOf(http.MethodGet, r.url+"/api/v1/users/me", key)
		version, _ = strconv.Atoi(header.Get("Tokenstate-Version"))
		age, _ = strconv.Atoi(header.Get("Tokenstate-Age-Ms"))
		return status, version, age
	}
	status, before, _ := ask()
	if status != http.StatusOK {
		t.Fatalf("another replica's key: %d", status)
	}
	v.shut.Store(true)
	shut := time.Now()
	a, err := s.backend.Call(t.Context(), http.MethodDelete, "/api/service/users/"+user+"/orgs/org/api-keys/"+url.PathEscape("cut off"), "", nil)
	must(t, err)
	if me, err := s.backend.Me(t.Context(), key); err != nil || a.Status != http.StatusOK || me.Status != http.StatusUnauthorized {
		t.Fatalf("revoked where the database is: %d, then %d %v", a.Status, me.Status, err)
	}
	late := false
	s.wait("the end of what is answered without the database", func() (bool, string) {
		since := time.Since(shut) // of the asking: the answer may take long on a slow machine
		status, version, age := ask()
		switch {
		case status == http.StatusOK && since > 5*time.Second+2*time.Second:
			t.Fatalf("a revoked key passes %s after the replica was cut off", since)
		case status == http.StatusOK && version > before && !late:
			before, late = version, true // it was on its way when the valve was shut
		case status == http.StatusOK && (version != before || age < int((since-5*time.Second).Milliseconds())):
			t.Fatalf("%s after the replica was cut off it says version %d, age %d ms", since, version, age)
		case status != http.StatusOK && status != http.StatusServiceUnavailable:
			t.Fatalf("a cut-off replica says %d", status)
		}
		return status == http.StatusServiceUnavailable, fmt.Sprint(status, since)
	})
	s.wait("the replica not to be ready", func() (bool, string) {
		text, err := s.get(r.admin + "/readyz")
		return err == nil && strings.Contains(text, `"ready":false`), text
	})
	v.shut.Store(false)
	s.wait("the revocation", func() (bool, string) {
		status, version, _ := ask()
		return status == http.StatusUnauthorized && version > before, fmt.Sprint(status, version)
	})
}
