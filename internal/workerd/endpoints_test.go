package workerd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// endpointsFile writes a file of endpoints; SECRET in it stands for the path of a secret.
func endpointsFile(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	workertest.Must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte(testSecret+"\n"), 0o600))
	workertest.Must(t, os.WriteFile(filepath.Join(dir, "two"), []byte(testSecret+"\n"+testSecret+"\n"), 0o600))
	workertest.Must(t, os.WriteFile(filepath.Join(dir, "none"), []byte("hunter2\n"), 0o600))
	path := filepath.Join(dir, "endpoints.yaml")
	text = strings.NewReplacer("SECRET", filepath.Join(dir, "secret"), "TWO", filepath.Join(dir, "two"), "NONE", filepath.Join(dir, "none")).Replace(text)
	workertest.Must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// Ensure the file's endpoints are read, and everything that is wrong is told at once, without an URL or a secret.
func TestReadEndpoints(t *testing.T) {
	all, err := readEndpoints(endpointsFile(t, `endpoints:
- {name: app, url: "https://app.example/hook", secret_file: SECRET, types: [login.needed], realms: [demo], clients: [app]}
- {name: ops, url: "https://ops.example/", secret_file: TWO}
- {name: third, url: "https://third.example/", secret: `+testSecret+`}
`), nil)
	workertest.Must(t, err)
	if len(all.wanted) != 3 || len(all.receivers) != 3 || !slices.Equal(all.wanted[0].Types, []string{string(notice.LoginNeeded)}) ||
		!slices.Equal(all.wanted[0].Clients, []string{"app"}) || all.wanted[1].Types != nil {
		t.Errorf("%+v", all.wanted)
	}
	if none, err := readEndpoints("", nil); err != nil || len(none.receivers) != 0 {
		t.Errorf("no file: %v %v", none, err)
	}
	for text, says := range map[string]string{
		"endpoints:\n- {name: app, url: 'https://a', secret_file: SECRET, type: x}\n": "not as it should be",
		"nonsense": "not as it should be",
		"endpoints:\n- {name: App, url: 'https://a', secret_file: SECRET}\n":                                                         "endpoint 1: name",
		"endpoints:\n- {name: a, url: 'https://hush', secret_file: SECRET}\n- {name: a, url: 'https://hush', secret_file: SECRET}\n": "endpoint 2: name",
		"endpoints:\n- {name: a, url: 'ftp://hush', secret_file: SECRET}\n":                                                          "endpoint 1: url",
		"endpoints:\n- {name: a, url: 'https://a', secret_file: NONE}\n":                                                             "endpoint 1: ",
		"endpoints:\n- {name: a, url: 'https://a'}\n":                                                                                "one of secret and secret_file",
		"endpoints:\n- {name: a, url: 'https://a', secret: hunter2}\n":                                                               "endpoint 1: the secret",
		"endpoints:\n- {name: a, url: 'https://a', secret: [hunter2]}\n":                                                             "not as it should be",
		"endpoints:\n- {name: a, url: 'https://a', secret_file: /nowhere}\n":                                                         "endpoint 1: ",
		"endpoints:\n- {name: a, url: 'https://a', secret_file: SECRET, types: [login.lost]}\n":                                      "there are login.needed",
		"endpoints:\n" + strings.Repeat("- {name: a, url: 'https://a', secret_file: SECRET}\n", 21):                                  "at most 20",
	} {
		if _, err := readEndpoints(endpointsFile(t, text), nil); err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := readEndpoints("/nowhere", nil); err == nil {
		t.Error("a file that is not there is taken")
	}
}

// inbox is an HTTP server that notes the ids of what it gets, and answers as it is told.
type inbox struct {
	*httptest.Server

	mu     sync.Mutex
	status int
	ids    []string
}

func newInbox(t *testing.T, status int) *inbox {
	t.Helper()
	in := &inbox{status: status}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.ids = append(in.ids, r.Header.Get("Webhook-Id"))
		w.WriteHeader(in.status)
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) answers(status int) { in.mu.Lock(); defer in.mu.Unlock(); in.status = status }

func (in *inbox) got() []string { in.mu.Lock(); defer in.mu.Unlock(); return slices.Clone(in.ids) }

// tell writes a notice for all endpoints.
func tell(t *testing.T, st *postgres.Store, all endpoints, user string) notice.Notice {
	t.Helper()
	n := notice.Notice{
		Type: notice.LoginNeeded, Subject: notice.Subject{Realm: "demo", User: user, Client: "app"}, Cause: "event", Reason: tokenstate.ReasonSessionEnded,
	}
	at, _, err := st.Notices().NoticeMoment(t.Context())
	workertest.Must(t, err)
	body, err := notice.Event(n, at, notice.Beside{})
	workertest.Must(t, err)
	written := notice.Written{Notice: n, Body: body}
	for _, e := range all.wanted {
		written.For = append(written.For, e.Name)
	}
	workertest.Must(t, st.Notices().Tell(t.Context(), at, []notice.Written{written}))
	return n
}

// deliver runs a courier, as each worker has one, until stop.
func deliver(t *testing.T, st *postgres.Store, all endpoints) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	c := &worker.Courier{Receivers: all.receivers, Deliveries: st.Notices(), Tried: func(string, string) {}, Logger: zerolog.Nop()}
	go func() { defer close(done); _ = c.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); !so(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not so within a minute: %s", what)
		}
	}
}

// Ensure a notice comes to each endpoint once, whatever the others answer: one is dead and comes back, one wants nothing
// more; and that another worker which takes over brings nothing a second time.
func TestNoticesAreDelivered(t *testing.T) {
	pool := testenv.Postgres(t, postgres.MigrateURL)
	st := postgres.New(pool)
	good, dead, gone := newInbox(t, http.StatusOK), newInbox(t, http.StatusServiceUnavailable), newInbox(t, http.StatusGone)
	all, err := readEndpoints(endpointsFile(t, `endpoints:
- {name: good, url: "`+good.URL+`", secret_file: SECRET}
- {name: dead, url: "`+dead.URL+`", secret_file: SECRET}
- {name: gone, url: "`+gone.URL+`", secret_file: SECRET}
`), []netip.Prefix{})
	workertest.Must(t, err)
	stop := deliver(t, st, all)
	ann := tell(t, st, all, "ann")
	eventually(t, "what became of each is written", func() bool { // or a courier that stops now leaves it to be tried again
		var left, failed int
		workertest.Must(t, pool.QueryRow(t.Context(), "SELECT count(*), count(*) FILTER (WHERE fault <> '') FROM tokenstate.notice_delivery").Scan(&left, &failed))
		return left == 2 && failed == 2
	})
	parked, err := st.Notices().ParkedDeliveries(t.Context())
	if workertest.Must(t, err); len(parked) != 1 || parked[0].Endpoint != "gone" || !strings.Contains(parked[0].Fault, "status 410") {
		t.Errorf("parked: %+v", parked)
	}
	stop()
	tries := len(dead.got()) // one, if the machine is not too busy
	dead.answers(http.StatusOK)
	_, err = pool.Exec(t.Context(), "UPDATE tokenstate.notice_delivery SET next_at = now()") // its pause is over
	workertest.Must(t, err)
	deliver(t, st, all)
	eventually(t, "the dead endpoint has it", func() bool { return len(dead.got()) == tries+1 })
	ben := tell(t, st, all, "ben")
	eventually(t, "the next one has come", func() bool { return len(good.got()) == 2 && len(dead.got()) == tries+2 && len(gone.got()) == 2 })
	if got := good.got(); got[0] != ann.ID() || got[1] != ben.ID() {
		t.Errorf("the good endpoint got %v", got)
	}
	got := dead.got()
	if want := append(slices.Repeat([]string{ann.ID()}, tries+1), ben.ID()); !slices.Equal(got, want) {
		t.Errorf("the dead endpoint got %v", got)
	}
}
