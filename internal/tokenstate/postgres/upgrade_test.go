package postgres

import (
	"context"
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The rows of a database as a program of c50bfd7 wrote them (schema 62, the last before facts were kept in another form), and what
// its view said of each token. Each history is of a realm of its own.
var (
	//go:embed testdata/schema62.txt
	oldRows string
	//go:embed testdata/schema62.verdicts.json
	oldVerdicts []byte
)

const oldSchema = 62

// Ensure an upgrade of a database with data changes no verdict: neither Judge's, nor the view's, and that a reader can
// follow on from there.
func TestUpgradeKeepsVerdicts(t *testing.T) {
	newPool(t) // makes the roles that all databases of the server share
	pool, ctx := testenv.Postgres(t, nil), t.Context()
	must(t, migrateToOld(ctx, pool))
	for line := range strings.Lines(oldRows) {
		table, row, _ := strings.Cut(line, " ")
		if table == "rules" || table == "feed_head" {
			_, err := pool.Exec(ctx, "DELETE FROM tokenstate."+table)
			must(t, err)
		}
		_, err := pool.Exec(ctx, "INSERT INTO tokenstate."+table+" SELECT * FROM json_populate_record(NULL::tokenstate."+table+", $1)", row)
		must(t, err)
	}
	must(t, Migrate(ctx, pool))

	var want map[string]string
	must(t, json.Unmarshal(oldVerdicts, &want))
	s := New(pool)
	facts, _, err := s.Facts(ctx)
	must(t, err)
	rules, err := s.Rules(ctx)
	must(t, err)
	tokens, err := listTokens(ctx, pool)
	must(t, err)
	judged := map[string]string{}
	for _, k := range tokens {
		judged[k.Token.Realm] = line(tokenstate.JudgeAt(k.Token, facts, rules, 2e12))
	}
	if d := cmp.Diff(want, judged); d != "" {
		t.Errorf("before the upgrade, and Judge after it: %s", d)
	}
	if d := cmp.Diff(want, viewOf(ctx, t, pool)); d != "" {
		t.Errorf("before the upgrade, and the view after it: %s", d)
	}
	if news, err := s.News(ctx, 0, Readings()); err != nil || news.Gap == nil {
		t.Errorf("the feed that was pruned leads on: %v", err)
	}
	head, err := q.Head(ctx, pool)
	must(t, err)
	if news, err := s.News(ctx, head.Version-1, Readings()); err != nil || news.Gap != nil || len(news.Changes) == 0 {
		t.Errorf("what the older program announced last cannot be followed: %v %v", err, news.Gap)
	}
}

func migrateToOld(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	p, err := provider(ctx, db)
	if err == nil {
		_, err = p.UpTo(ctx, oldSchema)
	}
	return err
}
