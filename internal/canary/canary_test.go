package canary

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// whole is a Keycloak and an authapi that agree, each answer a while after the act.
type whole struct {
	living, enabled bool
	changed         time.Time // when something last happened
	lag             time.Duration
	deaf            bool      // authapi hears of nothing any more
	deafAt          time.Time // nor from then on
	refreshes       bool      // Keycloak refreshes what was logged out
	away            error
	disabledUntil   time.Time // authapi has not heard yet that the user is enabled
	stored, keys    []string
	said            []string
}

func (w *whole) now(act string) error {
	w.said, w.changed = append(w.said, act), time.Now()
	return w.away
}

func (w *whole) Login(context.Context) (Session, error) {
	w.living = true
	return Session{ID: client.TokenID{UserID: "u", ClientID: "canary", SessionID: "s", IssuedAt: 1}}, w.now("login")
}

func (w *whole) Logout(context.Context, Session) error { w.living = false; return w.now("logout") }

func (w *whole) Refuses(context.Context, Session) (bool, error) {
	return !w.living && !w.refreshes, w.away
}

func (w *whole) SetEnabled(_ context.Context, _ string, enabled bool) error {
	w.enabled = enabled
	return w.now(map[bool]string{true: "enable", false: "disable"}[enabled])
}

func (w *whole) TrackToken(context.Context, client.TokenID) (*client.StoredToken, error) {
	w.stored = append(w.stored, "s")
	return &client.StoredToken{}, nil
}

func (w *whole) DeleteToken(context.Context, string, string) error { w.stored = nil; return nil }

func (w *whole) CreateKey(_ context.Context, user string, k client.NewKey) (*client.IssuedKey, error) {
	if time.Now().Before(w.disabledUntil) {
		return nil, &client.Problem{Status: http.StatusConflict, Slug: "user-disabled"}
	}
	w.keys = append(w.keys, k.Name)
	return &client.IssuedKey{Key: "secret", UserKey: client.UserKey{ID: "k", UserID: user, ExpiresAt: k.ExpiresAt}}, nil
}

func (w *whole) RevokeUserKey(context.Context, string, string) error { w.keys = nil; return nil }

func (w *whole) Observe(_ context.Context, qs ...client.Question) ([]client.Decision, client.Meta, error) {
	heard := !w.deaf && (w.deafAt.IsZero() || time.Now().Before(w.deafAt)) && time.Since(w.changed) >= w.lag
	if qs[0].APIKey != "" {
		return []client.Decision{{Active: w.enabled || !heard}}, client.Meta{}, nil
	}
	state := client.Usable
	if !w.living && heard {
		state = client.Revoked
	}
	return []client.Decision{{Verdict: client.Verdict{State: state}}}, client.Meta{}, nil
}

func canaryOf(w *whole) *Canary {
	w.enabled = true
	return &Canary{Keycloak: w, Authapi: w, Patience: 5 * time.Second, Disables: true}
}

func TestAWholeRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &whole{lag: time.Second}
		c := canaryOf(w)
		for range 2 {
			stages := c.Round(t.Context())
			if err := Fault(stages); err != nil || len(stages) != 12 {
				t.Fatalf("%d stages, %v", len(stages), err)
			}
		}
		if len(w.keys) != 1 || len(w.stored) != 0 || w.living || !w.enabled {
			t.Errorf("a round leaves one key and nothing else: %+v", w)
		}
		_ = pause.For(t.Context(), keyLife)
		if err := Fault(c.Round(t.Context())); err != nil || len(w.keys) != 2 {
			t.Errorf("a key that ends is replaced: %v, %v", w.keys, err)
		}
	})
}

// Ensure a round after one that failed waits until authapi has heard that the user is enabled again.
func TestTheKeyOfAUserWhoWasDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &whole{disabledUntil: time.Now().Add(3 * time.Second)}
		if err := Fault(canaryOf(w).Round(t.Context())); err != nil || len(w.keys) != 1 {
			t.Errorf("%v, keys %v", err, w.keys)
		}
	})
}

// Ensure each fault is told by the stage that shows it, and leaves no session, no token and no disabled user behind.
func TestFaultsAreTold(t *testing.T) {
	for want, broken := range map[string]func(*whole){
		"revoked: authapi does not call the token revoked 5s":         func(w *whole) { w.deaf = true },
		"revoked: authapi does not call":                              func(w *whole) { w.lag = 6 * time.Second },
		"refused: Keycloak goes on refreshing":                        func(w *whole) { w.refreshes = true },
		"key: authapi makes no key for a user who was enabled 5s ago": func(w *whole) { w.disabledUntil = time.Now().Add(time.Minute) },
		"login: away": func(w *whole) { w.away = errors.New("away") },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &whole{}
			c := canaryOf(w)
			broken(w)
			if err := Fault(c.Round(t.Context())); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want %q, got %v", want, err)
			}
			if len(w.stored) != 0 || w.living && w.away == nil || !w.enabled {
				t.Errorf("%s: left behind: %+v", want, w)
			}
		})
	}
}

// Ensure a round that leaves something behind is not whole.
func TestWhatIsLeftBehindIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := canaryOf(&whole{})
		c.Authapi = forgetful{c.Authapi}
		if err := Fault(c.Round(t.Context())); err == nil || !strings.Contains(err.Error(), "tidy: not forgotten") {
			t.Error(err)
		}
	})
}

// forgetful forgets no token.
type forgetful struct{ Authapi }

func (forgetful) DeleteToken(context.Context, string, string) error {
	return errors.New("not forgotten")
}

func TestAKeyThatOutlivesItsUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &whole{}
		c := canaryOf(w)
		c.Keycloak = deafAfter{w, "disable"}
		if err := Fault(c.Round(t.Context())); err == nil || !strings.Contains(err.Error(), "key_stops: authapi still admits the key of a disabled user after 5s") {
			t.Error(err)
		}
		if !w.enabled || !slices.Contains(w.said, "enable") {
			t.Errorf("the user is left disabled: %v", w.said)
		}
	})
}

// deafAfter has authapi hear of nothing once the user is switched.
type deafAfter struct {
	*whole
	act string
}

func (d deafAfter) SetEnabled(ctx context.Context, user string, enabled bool) error {
	d.deaf = true
	return d.whole.SetEnabled(ctx, user, enabled)
}

func TestWatchTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &whole{deafAt: time.Now().Add(30 * time.Second)}
		c := canaryOf(w)
		m := NewMeasures(prometheus.NewRegistry())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Watch(ctx, time.Minute, m, zerolog.Nop()) }()
		_ = pause.For(t.Context(), time.Second)
		synctest.Wait()
		if testutil.ToFloat64(m.success) != 1 || testutil.ToFloat64(m.last) == 0 {
			t.Error("a whole round is no success")
		}
		_ = pause.For(t.Context(), time.Minute+6*time.Second)
		synctest.Wait()
		if testutil.ToFloat64(m.success) != 0 {
			t.Error("red within one period and the patience")
		}
		cancel()
		if err := <-done; err != nil || len(w.keys) != 0 {
			t.Errorf("the key is revoked at the end: %v, %v", w.keys, err)
		}
	})
}
