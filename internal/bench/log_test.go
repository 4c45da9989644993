package bench

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
)

// log is a NATS of its own with the stream, where everybody may do all: the peers acknowledge, which no user of ours may.
type log struct{ url string }

func (b *bench) log() log {
	b.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: b.TempDir(), NoSigs: true, NoLog: true})
	b.must(err)
	s.Start()
	b.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		b.Fatal("the NATS server does not start")
	}
	b.must(devstack.CreateStream(b.Context(), s.ClientURL()))
	return log{s.ClientURL()}
}

func (b *bench) jetStream(l log) jetstream.JetStream {
	b.Helper()
	conn, err := nats.Connect(l.url)
	b.must(err)
	b.Cleanup(conn.Close)
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(256))
	b.must(err)
	return js
}

func (b *bench) reader(l log) *stream.Log {
	b.Helper()
	r, err := stream.Connect(b.Context(), stream.Options{URL: l.url, Logger: zerolog.Nop()})
	b.must(err)
	b.Cleanup(r.Close)
	return r
}

// publish fills the log, as a Keycloak does that everybody logs out of.
func (b *bench) publish(l log, ms []events.Message) {
	b.Helper()
	b.send(b.jetStream(l), ms...)
}

// send is publish over a connection that is there.
func (b *bench) send(js jetstream.JetStream, ms ...events.Message) {
	b.Helper()
	for _, m := range ms {
		raw, err := events.Encode(m)
		b.must(err)
		_, err = js.PublishMsgAsync(&nats.Msg{Subject: events.Subject(m), Data: raw, Header: nats.Header{nats.MsgIdHdr: {m.ID}}})
		b.must(err)
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-b.Context().Done():
		b.Fatal(b.Context().Err())
	}
}

// logouts are what a Keycloak tells when users end an online session each: the event, and the look taken for it. kind
// tells the users: 'u' are the population's, who hold something here; others hold nothing.
func (p population) logouts(kind byte, users, n int) (ms []events.Message) {
	no := false
	for i := range n {
		user, session, at := id(kind, i%users), id('o', i), p.now()+events.Millis(i*between)
		event := id('l', i)
		m := events.Message{ID: event, Realm: "demo", At: at, Received: at + 40, Node: "kc1", Server: "26.7.3", Source: events.Listener}
		m.Body = &events.Happened{Event: event, Kind: "user", Type: "LOGOUT", User: user, Session: session, CommittedBy: at + 20}
		ms = append(ms, m)
		m.ID, m.At, m.Received = id('n', i), at+200, at+240
		m.Body = &events.Observation{
			Causes:  []events.Cause{{Event: event, Type: "LOGOUT", At: at}},
			Realm:   &events.RealmLook{Enabled: true, Name: "demo", FrontendURL: "https://sso.example", RefreshOnce: &no},
			Rosters: []events.Roster{{User: user, Complete: true, Sessions: p.roster(kind, i%users)}},
		}
		ms = append(ms, m)
	}
	return ms
}

// roster is what is left of a user's sessions.
func (p population) roster(kind byte, i int) []events.ClientSession {
	if kind != 'u' {
		return nil
	}
	t := p.token(i)
	return []events.ClientSession{{Session: t.Session, Client: t.Client, ClientID: t.ClientID, Start: t.IssuedAt, User: t.User}}
}
