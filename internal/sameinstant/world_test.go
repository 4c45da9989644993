package sameinstant

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// waitFor bounds each wait for the listener.
const waitFor = 30 * time.Second

// instant is a realm on a real Keycloak with the listener's jar, and the three ways to look at it.
type instant struct {
	*testing.T
	ctx   context.Context
	k     *play.Keycloak
	ask   asking.Asker
	uuids map[string]string // clients' by client_id

	mu    sync.Mutex
	heard []events.Message // the listener's observations of the realm
	more  chan struct{}
}

func newInstant(t *testing.T) *instant {
	t.Helper()
	kc := testenv.NewKeycloak(t)
	env, err := devstack.EnvFromProcess()
	if err != nil {
		t.Fatal(err)
	}
	env.KeycloakRealm = kc.Realm
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: kc.URL, ClientID: kc.WorkerID, ClientSecret: secret.New(kc.WorkerSecret), Timeout: 20 * time.Second})
	i := &instant{
		T: t, ctx: t.Context(), k: play.KeycloakOf(env), more: make(chan struct{}, 1), uuids: map[string]string{},
		ask: asking.Asker{Admin: admin, Inside: &asking.Inside{Resource: admin.Resource()}},
	}
	i.must(err)
	if about, err := admin.Resource().About(i.ctx); err != nil {
		t.Fatalf("this test needs a Keycloak with the newest jar (make listener), and a worker that may ask it: %v", err)
	} else if about.API != 1 {
		t.Fatalf("the jar offers %+v", about)
	}
	i.listen(env.NATSURL)
	var clients []struct{ ID, ClientID string }
	i.call(http.MethodGet, "/clients", nil, &clients)
	for _, c := range clients {
		i.uuids[c.ClientID] = c.ID
	}
	return i
}

func (i *instant) must(err error) {
	i.Helper()
	if err != nil {
		i.Fatal(err)
	}
}

// call is the administrator's.
func (i *instant) call(method, path string, body, out any) {
	i.Helper()
	_, err := i.k.Call(i.ctx, method, path, body, out)
	i.must(err)
}

func (i *instant) listen(url string) {
	i.Helper()
	log, err := stream.Connect(i.ctx, stream.Options{URL: url, Inbox: "_INBOX_op", Name: "same instant", Logger: zerolog.Nop()})
	i.must(err)
	info, err := log.Info(i.ctx)
	i.must(err)
	in, err := log.Read(i.ctx, info.Last)
	i.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, err := in.Next(ctx)
			if err != nil {
				return
			}
			i.arrived(e.Raw)
		}
	}()
	i.Cleanup(func() { cancel(); <-done; in.Stop(); log.Close() })
}

func (i *instant) arrived(raw []byte) {
	m, err := events.Decode(raw)
	if _, ok := m.Body.(*events.Observation); err != nil || !ok || m.Realm != i.k.Realm || m.Source != events.Listener {
		return
	}
	i.mu.Lock()
	i.heard = append(i.heard, m)
	i.mu.Unlock()
	select {
	case i.more <- struct{}{}:
	default:
	}
}

// listened are the listener's observations of one look at a user that began at or after an instant and has what is
// wanted.
func (i *instant) listened(user string, since events.Millis, has func(*events.Observation) bool) (ms []events.Message) {
	i.Helper()
	for timeout := time.After(waitFor); ; {
		i.mu.Lock()
		for _, m := range slices.Backward(i.heard) {
			if o, _ := m.Body.(*events.Observation); m.At >= since && has(o) {
				for _, part := range i.heard {
					if o, _ := part.Body.(*events.Observation); part.At == m.At && isAt(o, user) {
						ms = append(ms, part)
					}
				}
				break
			}
		}
		i.mu.Unlock()
		if len(ms) > 0 {
			return ms
		}
		select {
		case <-i.more:
		case <-timeout:
			i.Fatal("the listener has not looked")
		}
	}
}

// isAt reports whether an observation is of a look at a user: looks that are taken together share their instant.
func isAt(o *events.Observation, user string) bool {
	return o.User != nil && o.User.User == user ||
		slices.ContainsFunc(o.Rosters, func(r events.Roster) bool { return r.User == user })
}

// person is somebody with an offline token of each of two clients.
type person struct {
	id     string
	name   string
	tokens map[string]play.Tokens // by client_id
	seats  []tokenstate.Token
}

func (i *instant) person(name string) *person {
	i.Helper()
	id, err := i.k.NewUser(i.ctx, name)
	i.must(err)
	p := &person{id: id, name: name, tokens: map[string]play.Tokens{}}
	for _, client := range []string{"app", "app2"} {
		got, err := i.k.Grant(i.ctx, client, name, play.Offline)
		i.must(err)
		c, err := got.Claims()
		i.must(err)
		p.tokens[client] = got
		p.seats = append(p.seats, tokenstate.Token{
			Realm: i.k.Realm, User: id, Client: i.uuids[client], ClientID: client, Session: c.Session, IssuedAt: events.Seconds(c.IssuedAt),
		})
	}
	return p
}

// refreshes says which of a person's tokens Keycloak would refresh, by client_id. It comes last: a
// refusal may end what it refuses.
func (i *instant) refreshes(p *person) map[string]bool {
	i.Helper()
	alive := map[string]bool{}
	for client, tokens := range p.tokens {
		_, err := i.k.Refresh(i.ctx, tokens)
		if _, refused := errors.AsType[*play.RefusedError](err); err != nil && !refused {
			i.Fatal(err)
		}
		alive[client] = err == nil
	}
	return alive
}
