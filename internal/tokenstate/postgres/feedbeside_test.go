package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Ensure programs of schema 72 and later go on beside this one: what either announces the other reads.
func TestProgramsFromSchema72GoOn(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	token := Name{KindToken, `["demo","s","app"]`}
	for _, role := range []string{"tokenstate_worker", "tokenstate_authapi"} {
		must(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SET LOCAL ROLE "+role)
			if err == nil {
				_, err = tx.Exec(ctx, announceOf72, "n", packed(t, token))
			}
			return err
		}))
	}
	if news := s.since(t, 1); news.Version != 2 || len(news.Changes) != 1 || news.Changes[0].Name != token {
		t.Errorf("we read of them %+v", news)
	}
	must(t, force(ctx, s, someFacts(9)))
	for role, sql := range map[string]string{
		"tokenstate_authapi": sinceOf72,
		"tokenstate_console": strings.Replace(sinceOf72, "tokenstate.feed f", "tokenstate.feed_shown f", 1),
	} {
		must(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SET LOCAL ROLE "+role)
			must(t, err)
			type row struct {
				Head, Pruned, Version int64
				Nonce, Kind, Key      string
				Names                 []byte
			}
			rows, err := tx.Query(ctx, sql, 2, 9)
			must(t, err)
			got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
			must(t, err)
			named := names{}
			must(t, named.unpack(got.Names))
			if got.Version != 3 || got.Kind != "names" || got.Key != "" || cmp.Diff(names{"look": {`["demo","u","","","",""]`}}, named) != "" {
				t.Errorf("%s reads of us %+v, %v", role, got, named)
			}
			return nil
		}))
	}
}

// Ensure programs of schema 74 that write and read all the while do not notice the migration.
func TestNobodyNoticesTheMigration(t *testing.T) {
	newPool(t) // makes the roles that all databases of the server share
	pool := testenv.Postgres(t, nil)
	must(t, migrateTo(t.Context(), pool, expanded))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := strings.Replace(sinceOf72, "tokenstate.feed f", "tokenstate.feed_shown f", 1)
	names := packed(t, Name{KindToken, `["demo","s","app"]`})
	do := map[string][]any{announceOf72: {"n", names}, sinceOf72: {0, furthest}, console: {0, furthest}}
	done, faults := make(chan string), make(chan error, 2*len(do))
	for sql, args := range do {
		for range 2 {
			go func() {
				for ctx.Err() == nil {
					if _, err := pool.Exec(ctx, sql, args...); err != nil && ctx.Err() == nil {
						faults <- err
						return
					}
					select {
					case done <- sql:
					case <-ctx.Done():
					}
				}
			}()
		}
	}
	each := func() { // has been done nine times from now on
		for left := map[string]int{announceOf72: 9, sinceOf72: 9, console: 9}; len(left) > 0; {
			select {
			case sql := <-done:
				if left[sql]--; left[sql] <= 0 {
					delete(left, sql)
				}
			case err := <-faults:
				t.Fatal(err)
			}
		}
	}
	each()
	migrated := make(chan error)
	go func() { migrated <- Migrate(ctx, pool) }()
	for going := true; going; {
		select {
		case err := <-migrated:
			must(t, err)
			going = false
		case <-done:
		}
	}
	each()
}
