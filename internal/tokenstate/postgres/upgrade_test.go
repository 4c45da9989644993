package postgres

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
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
	must(t, migrateTo(ctx, pool, oldSchema))
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
	head, err := q.Head(ctx, pool)
	must(t, err)
	for after, want := range map[int64]error{0: ErrPruned, head.Version - 1: ErrPruned, head.Version: nil} {
		news, err := s.News(ctx, after, Readings())
		if err != nil || !errors.Is(news.Gap, want) || want == nil && (news.Was != head.Nonce || len(news.Changes) != 0) {
			t.Errorf("a reader at %d of %d, where older programs have announced: %+v %v", after, head.Version, news, err)
		}
	}
	must(t, force(ctx, s, someFacts(9)))
	if news := s.since(t, head.Version); news.Version != head.Version+1 || len(news.Changes) != 1 {
		t.Errorf("what came after the upgrade: %+v", news)
	}
}

// migrateTo goes up or down to a version.
func migrateTo(ctx context.Context, pool *pgxpool.Pool, version int64) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	p, err := provider(ctx, db)
	if err != nil {
		return err
	}
	at, err := p.GetDBVersion(ctx)
	if err == nil && at < version {
		_, err = p.UpTo(ctx, version)
	} else if err == nil {
		_, err = p.DownTo(ctx, version)
	}
	return err
}
