package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// expanded is the last schema with what older programs had in the feed.
const expanded = 74

// What programs did with the feed: those of schema 72 to 74, which may run beside this one, and those of 70 and 71.
const (
	announceOf72 = `WITH bumped AS (
    UPDATE tokenstate.feed_head SET version = version + 1, nonce = $1 RETURNING version
), fed AS (
    INSERT INTO tokenstate.feed (version, nonce, kind, key, names) SELECT bumped.version, $1, 'names', '', $2 FROM bumped
)
SELECT bumped.version FROM bumped, pg_notify('tokenstate_feed', bumped.version::text)`
	sinceOf72 = `SELECT h.version AS head, h.pruned, f.version, f.nonce, f.kind, f.key, f.names
FROM tokenstate.feed_head h
LEFT JOIN tokenstate.feed f ON f.version > $1::bigint AND f.version <= $2::bigint
ORDER BY f.version, f.kind, f.key`
	announceOf70 = `WITH bumped AS (
    UPDATE tokenstate.feed_head SET version = version + 1, nonce = $1 RETURNING version
), fed AS (
    INSERT INTO tokenstate.feed (version, nonce, kind, key, value)
    SELECT bumped.version, $1, unnest($2::text[]), unnest($3::text[]), nullif(unnest($4::text[]), '')::jsonb FROM bumped
)
SELECT bumped.version FROM bumped, pg_notify('tokenstate_feed', bumped.version::text)`
	sinceOf70 = `SELECT h.version AS head, h.pruned, f.version, f.nonce, f.kind, f.key, f.value
FROM tokenstate.feed_head h
LEFT JOIN tokenstate.feed f ON f.version > $1::bigint AND f.version <= $2::bigint
ORDER BY f.version, f.kind, f.key`
)

// Ensure nothing is lost on a reader when rows of older programs are taken out of the feed: who was past them follows, and
// who was not loads a snapshot; and that a database goes back to how it was.
func TestOldRowsLeaveTheFeed(t *testing.T) {
	newPool(t) // makes the roles that all databases of the server share
	pool, ctx := testenv.Postgres(t, nil), t.Context()
	s := New(pool)
	for _, c := range []struct {
		versions string // by whom each was written: o, by an older program, n, by one of schema 72 to 74
		from     int64  // the first version from which a reader can follow
	}{{"", 0}, {"nnn", 0}, {"onn", 2}, {"onon", 4}, {"nno", 3}, {"o", 1}} {
		must(t, migrateTo(ctx, pool, expanded))
		_, err := pool.Exec(ctx, "DELETE FROM tokenstate.feed")
		must(t, err)
		_, err = pool.Exec(ctx, "UPDATE tokenstate.feed_head SET version = 0, nonce = '', pruned = 0")
		must(t, err)
		for i, who := range strings.Split(c.versions, "") {
			nonce := string(rune('a' + i))
			if who == "o" {
				_, err = pool.Exec(ctx, announceOf70, nonce, []string{"look", "key"}, []string{`["demo","u","","","",""]`, "id"}, []string{"{}", "{}"})
			} else {
				_, err = pool.Exec(ctx, announceOf72, nonce, packed(t, Name{KindToken, `["demo","s","app"]`}))
			}
			must(t, err)
		}
		must(t, Migrate(ctx, pool))
		last := int64(len(c.versions))
		for after := range last + 1 {
			news, err := s.News(ctx, after, Readings())
			must(t, err)
			leads := news.Gap == nil && news.Version == last && (len(news.Changes) == 1) == (after < last)
			if follows := after >= c.from; follows != leads || !follows && news.Gap == nil {
				t.Errorf("%q: a reader at %d: %+v", c.versions, after, news)
			}
		}
		must(t, s.Freeze(ctx, false, func(ctx context.Context, z Frozen) error {
			holes, err := z.FeedHoles(ctx)
			if holes != 0 {
				t.Errorf("%q: %d holes", c.versions, holes)
			}
			return err
		}))
	}
}

// Ensure older programs, whose statements the schema has no columns for, are told so before they try.
func TestProgramsBeforeSchema72AreRefused(t *testing.T) {
	pool, ctx := newPool(t), t.Context()
	var least int64
	must(t, pool.QueryRow(ctx, "SELECT min_compatible FROM tokenstate.schema_range").Scan(&least))
	if least != 72 || schema.MinCompatible != 72 {
		t.Errorf("programs from schema %d on may run (%d)", least, schema.MinCompatible)
	}
	for sql, args := range map[string][]any{announceOf70: {"n", []string{"look"}, []string{"k"}, []string{"{}"}}, sinceOf70: {0, 9}} {
		_, err := pool.Exec(ctx, sql, args...)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42703" {
			t.Errorf("it could have gone on: %v: %s", err, sql)
		}
	}
}

func packed(t *testing.T, ns ...Name) []byte {
	t.Helper()
	raw, err := pack(ns)
	must(t, err)
	return raw
}
