package bench

import (
	"context"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	began    events.Millis = 1_790_000_000_000 // of the first login
	between                = 10                // milliseconds between two logins: a million within a sweep period
	clientID               = "app"
)

// population is n users of one realm with one offline token each, and an API key for every second user. The facts are what
// a Keycloak of one node tells: each login, and the look that the listener takes for it.
type population struct {
	n     int
	began events.Millis
}

// endingNow is the population with the last login a minute ago: a program that asks a real database for the time would
// hold an older one to be long due.
func (p population) endingNow() population {
	p.began = events.Millis(time.Now().UnixMilli()) - events.Millis(p.n*between) - 60_000
	return p
}

// id is the same for the same number, and made anew each time, as a decoder makes it.
func id(kind byte, i int) string {
	var b [16]byte
	b[0], b[6], b[8] = kind, 0x40, 0x80
	binary.BigEndian.PutUint64(b[8:], order(i)>>2|1<<63)
	return uuid.UUID(b).String()
}

// order is where an id stands among others: anywhere, as those of Keycloak do. TestScale makes it ascending, for Postgres
// writes a whole page to its WAL for each row that goes anywhere in an index of gigabytes.
var order = func(i int) uint64 { return uint64(i) * 0x9E3779B97F4A7C15 }

func (p population) at(i int) events.Millis { return p.began + events.Millis(i*between) }

func (p population) now() events.Millis { return p.at(p.n) + 60_000 }

func (p population) token(i int) tokenstate.Token {
	return tokenstate.Token{
		Realm: strings.Clone("demo"), User: id('u', i), Client: id('c', 0), ClientID: strings.Clone(clientID), Session: id('s', i),
		IssuedAt: p.at(i).Second(), Issuer: strings.Clone("https://sso.example/realms/demo"),
	}
}

// pepper is what all keys are digested under.
var pepper = apikey.Pepper{ID: "p1", Key: secret.New(strings.Repeat("pepper..", 4))}

// keyOf is a key as its holder has it. Only users of even numbers have one.
func keyOf(i int) apikey.Presented {
	var e apikey.Entropy
	binary.BigEndian.PutUint64(e.ID[:], order(i))
	binary.BigEndian.PutUint64(e.Secret[:], uint64(i))
	return apikey.Format(e)
}

func (p population) key(i int) apikey.Record {
	k := keyOf(i)
	return apikey.Record{
		ID: strings.Clone(k.ID), Realm: strings.Clone("demo"), User: id('u', i), Name: strings.Clone("laptop"), Digest: apikey.Digest(pepper, k),
		Kind: apikey.KindUser, Created: p.at(i).Second(), PepperID: strings.Clone(pepper.ID),
	}
}

// said is what a Keycloak says about one user: the login, and the look that the listener takes for it.
func (p population) said(i int) [2]events.Message {
	login, at, yes, no := id('e', i), p.at(i), true, false
	t := p.token(i)
	m := events.Message{ID: login, Realm: t.Realm, At: at, Received: at + 40, Node: strings.Clone("kc1"), Server: "26.7.3", Source: events.Listener}
	m.Body = &events.Happened{Event: login, Kind: "user", Type: "LOGIN", User: t.User, Session: t.Session, Client: t.Client, CommittedBy: at + 20}
	look := m
	look.ID, look.At, look.Received = id('m', i), at+2_000, at+2_050
	look.Body = &events.Observation{
		Causes:  []events.Cause{{Event: login, Type: "LOGIN", At: at}},
		Realm:   &events.RealmLook{Enabled: true, Name: "demo", FrontendURL: "https://sso.example", RefreshOnce: &no},
		Clients: []events.ClientLook{{Client: t.Client, ClientID: t.ClientID, Enabled: true, OfflineAccess: &yes, ConsentRequired: &no}},
		User:    &events.UserLook{User: t.User, Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: t.User, Complete: true, Sessions: []events.ClientSession{{Session: t.Session, Client: t.Client, ClientID: t.ClientID, Start: at.Second(), User: t.User}}}},
	}
	return [2]events.Message{m, look}
}

// learn is what the log teaches about one user.
func (p population) learn(f tokenstate.Facts, i int) {
	for _, m := range p.said(i) {
		f.Add(tokenstate.Learn(m))
	}
}

// show is the population as a snapshot. What is known of the realm and of the client is what the last of them teaches.
func (p population) show(to projection.Taker) {
	to.Begin(1, "n")
	for i := range p.n {
		known := tokenstate.NewFacts()
		p.learn(known, i)
		projection.ShowFacts(known, to)
	}
	for i := range p.n {
		to.Token(projection.Token{Token: p.token(i), Custody: strings.Clone("sealed"), Verified: true, Scope: strings.Clone("openid offline_access")})
		if i%2 == 0 {
			to.Key(p.key(i))
		}
	}
}

// source gives the population once, and is silent afterwards.
type source struct{ p population }

func (s source) Snapshot(_ context.Context, to projection.Taker) error { s.p.show(to); return nil }

func (s source) News(ctx context.Context, _ int64) (projection.News, error) {
	status, err := s.Status(ctx)
	return projection.News{Status: status, Was: "n", Now: projection.Version{Version: 1, Nonce: "n"}}, err
}

func (s source) Status(context.Context) (projection.Status, error) {
	return projection.Status{Epoch: 1, Confirmed: true, Rules: tokenstate.DefaultRules(), Now: s.p.now()}, nil
}

func (s source) Wait(ctx context.Context, _ int64, _ <-chan struct{}) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s source) FindKey(context.Context, string) (apikey.Record, bool, error) {
	return apikey.Record{}, false, nil
}

func (s source) FindLegacy(context.Context, []apikey.Sum) ([]apikey.Record, error) { return nil, nil }
