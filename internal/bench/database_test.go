package bench

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// database is the address of a Postgres with the schema. It keeps its commits over a crash as a production one does: where
// a commit costs nothing, whoever commits often looks good.
func (b *bench) database() string {
	b.Helper()
	return testenv.NewServer(b, postgres.MigrateURL).URL()
}

func (b *bench) pool(address string, connections int32) *pgxpool.Pool {
	b.Helper()
	c, err := pgxpool.ParseConfig(address)
	b.must(err)
	c.MaxConns = connections
	p, err := pgxpool.NewWithConfig(b.Context(), c)
	b.must(err)
	b.Cleanup(p.Close)
	return p
}

// copyOf is another database of the same server, which has what the one at address has. Nobody may be connected to that.
func (b *bench) copyOf(address string) string {
	b.Helper()
	u, err := url.Parse(address)
	b.must(err)
	from := strings.TrimPrefix(u.Path, "/")
	b.copies++
	to := fmt.Sprintf("%s_%d", from, b.copies)
	u.Path = "/postgres"
	admin, err := pgx.Connect(b.Context(), u.String())
	b.must(err)
	defer func() { _ = admin.Close(b.Context()) }()
	_, err = admin.Exec(b.Context(), "CREATE DATABASE "+to+" TEMPLATE "+from)
	b.must(err)
	u.Path = "/" + to
	return u.String()
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// fill writes tokens and keys as they lie in their tables: who stored them is no part of what is measured.
func (b *bench) fill(pool *pgxpool.Pool) {
	b.Helper()
	copied := func(table string, columns []string, n int, values func(i int) []any) {
		_, err := pool.CopyFrom(b.Context(), pgx.Identifier{"tokenstate", table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return values(i), nil }))
		b.must(err)
	}
	copied("offline_token", []string{"realm", "user_id", "client", "client_id", "session", "issued_at_s", "custody", "verified", "scope", "issuer"}, b.n, func(i int) []any {
		t := b.token(i)
		return []any{t.Realm, t.User, t.Client, t.ClientID, t.Session, int64(t.IssuedAt), postgres.Sealed, true, "openid offline_access", t.Issuer}
	})
	copied("api_key", []string{"id", "realm", "user_id", "name", "kind", "digest", "pepper_id", "created_at"}, (b.n+1)/2, func(i int) []any {
		k := b.key(2 * i)
		return []any{k.ID, k.Realm, k.User, k.Name, string(k.Kind), k.Digest[:], k.PepperID, time.Unix(int64(k.Created), 0)}
	})
}

// teach applies what the log would have taught about the population, in few versions, and says that it is all.
func (b *bench) teach(store *postgres.Store) {
	b.Helper()
	b.taught(store, false)
}

// taught is teach, with the journal's lines or without them.
func (b *bench) taught(store *postgres.Store, lines bool) {
	b.Helper()
	const users = 10_000
	for from := 0; from < b.n; from += users {
		batch := journal.Batch{Facts: tokenstate.NewFacts()}
		for i := from; i < min(b.n, from+users); i++ {
			for _, m := range b.said(i) {
				batch.Facts.Add(tokenstate.Learn(m))
				if lines {
					batch.Lines = append(batch.Lines, b.line(m, uint64(len(batch.Lines)+2*from+1)))
				}
			}
		}
		var err error
		batch.From, err = store.Floor(b.Context())
		b.must(err)
		batch.To = journal.Floor{Stream: "BENCH", Created: b.began.Time(), Seq: uint64(2 * min(b.n, from+users)), Digest: "d"}
		_, err = store.Apply(b.Context(), batch)
		b.must(err)
	}
	b.confirm(store)
}

func (b *bench) line(m events.Message, seq uint64) journal.Line {
	b.Helper()
	raw, err := events.Encode(m)
	b.must(err)
	return worker.LineOf(m, journal.Entry{Seq: seq, Received: m.Received, Raw: raw})
}

// confirm is what a worker says that has read the log to its end.
func (b *bench) confirm(store *postgres.Store) {
	b.Helper()
	history, err := store.History(b.Context())
	b.must(err)
	b.must(store.Confirm(b.Context(), history))
}
