package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
)

func parse(t *testing.T, text string) Secret {
	t.Helper()
	s, err := ParseSecret(secret.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Ensure the signature is that of Standard Webhooks: this one stands in its specification.
func TestSignature(t *testing.T) {
	s := parse(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	got := signatures([]Secret{s}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1_614_265_330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if both := signatures([]Secret{s, s}, "id", time.Unix(1, 0), nil); strings.Count(both, "v1,") != 2 || strings.Count(both, " ") != 1 {
		t.Errorf("two secrets: %s", both)
	}
}

// Ensure what is no secret is refused, and not repeated.
func TestParseSecret(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(make([]byte, mostSecret+1))
	for _, bad := range []string{"", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!!", "whsec_" + long} {
		if _, err := ParseSecret(secret.New(bad)); !errors.Is(err, ErrSecret) || err.Error() != ErrSecret.Error() {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// delivering posts to a server that answers as a test says.
func delivering(t *testing.T, answer http.HandlerFunc) (*Receiver, error) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	r, err := NewReceiver(server.URL+"/hook?token=hush-hush", []Secret{parse(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.now = func() time.Time { return time.Unix(1_614_265_330, 0) }
	return r, r.Post(t.Context(), "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`))
}

// Ensure what a receiver gets: the notice as it is, its id, the time, and a signature that it can check.
func TestPost(t *testing.T) {
	var got *http.Request
	var body []byte
	_, err := delivering(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/cloudevents+json", "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330",
		"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	} {
		if is := got.Header.Get(name); is != want {
			t.Errorf("%s: %q, want %q", name, is, want)
		}
	}
	if got.Method != http.MethodPost || got.URL.Path != "/hook" || string(body) != `{"test": 2432232314}` {
		t.Errorf("%s %s %q", got.Method, got.URL.Path, body)
	}
}

// Ensure of each bad answer what is said, and that a receiver who is gone is told apart.
func TestPost_Refused(t *testing.T) {
	elsewhere := false
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"a fault": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500"},
		"no such": {http.NotFound, "status 404"},
		"gone":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, "status 410"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			elsewhere = elsewhere || r.URL.Path != "/hook"
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
		"it hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		_, err := delivering(t, c.answer)
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrGone) != (name == "gone") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "127.0.0.1")) {
			t.Errorf("%s: the address is repeated: %v", name, err)
		}
	}
	if elsewhere {
		t.Error("a redirect was followed")
	}
}

// Ensure a receiver that accepts and says no more, or whose answer never ends, is not waited for beyond the bound. The
// bound of the test is the caller's, so that it need not wait as long as a program would.
func TestPost_Slow(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stop) })
	r, err := NewReceiver(server.URL, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.client.Timeout != patience {
		t.Errorf("a receiver is waited for for %s", r.client.Timeout)
	}
	r.client.Timeout = 50 * time.Millisecond
	if err := r.Post(t.Context(), "id", nil); err == nil || !strings.Contains(err.Error(), "no answer within") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Post(ctx, "id", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v", err)
	}
}

// Ensure an answer without end is good when its status is, and no more of it is read than is allowed.
func TestPost_EndlessBody(t *testing.T) {
	written := make(chan int, 1)
	_, err := delivering(t, func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		for chunk := make([]byte, 32<<10); ; {
			k, err := w.Write(chunk)
			if n += k; err != nil {
				written <- n
				return
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	if n := <-written; n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

// Ensure a receiver in a private network is not called unless that is allowed, and that is said with the setting's name.
func TestPost_PrivateNetwork(t *testing.T) {
	r, err := NewReceiver("http://127.0.0.1/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://127.0.0.2/"
	if err := r.Post(t.Context(), "id", nil); err == nil || !strings.Contains(err.Error(), Networks) {
		t.Errorf("called: %v", err)
	}
	for _, bad := range []string{"", "ftp://x", "/hook"} {
		if _, err := NewReceiver(bad, nil, nil); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}
