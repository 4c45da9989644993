package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Change is something that changed, as it is now: a tokenstate.Row, a StoredToken, or what the keys' adapter has. nil: it is gone.
type Change struct {
	Name
	Value any
}

// Reading reads what the feed names of one kind from its own table.
type Reading struct {
	Kind string
	Ask  func(keys []string) (Question, error)                // nil: the reader may not see it, and passes it over
	Take func(context.Context, dbsqlc.DBTX) ([]Change, error) // may give more than was asked for
	Ends bool                                                 // what is named and not there has been removed
}

// Readings are of facts and tokens.
func Readings() []Reading {
	return []Reading{
		{Kind: KindForgotten}, // the name says it all
		factReading(tokenstate.KindStanding, dbsqlc.NamedStanding, scopeParts, q.NamedStanding, rowStanding),
		factReading(tokenstate.KindLook, dbsqlc.NamedLook, scopeParts, q.NamedLook, rowLook),
		factReading(tokenstate.KindSighting, dbsqlc.NamedSighting, scopeParts, q.NamedSighting, rowSighting),
		factReading(tokenstate.KindRefusal, dbsqlc.NamedRefusal, scopeParts, q.NamedRefusal, rowRefusal),
		factReading(tokenstate.KindCutoff, dbsqlc.NamedCutoff, scopeParts+1, q.NamedCutoff, rowCutoff),
		factReading(tokenstate.KindPardon, dbsqlc.NamedPardon, 1, q.NamedPardon, rowPardon),
		factReading(tokenstate.KindDoubt, dbsqlc.NamedDoubt, scopeParts, q.NamedDoubt, rowDoubt),
		{Kind: KindToken, Ends: true, Ask: ByKey(dbsqlc.NamedToken, 3), Take: takeTokens},
	}
}

// scopeParts is how many parts of a fact's key are its scope. A scope has few facts of a kind, but for cutoffs.
const scopeParts = 5

// ByKey asks for rows by the first parts of their keys, which are JSON arrays of texts.
func ByKey(sql string, parts int) func([]string) (Question, error) {
	return func(keys []string) (Question, error) {
		args, err := keyColumns(keys, parts)
		return Question{sql, args}, err
	}
}

// factReading takes the answer as sqlc's method does, to whom the question does not matter any more.
func factReading[P, T any](kind, sql string, parts int,
	take func(context.Context, dbsqlc.DBTX, P) ([]T, error), row func(T) tokenstate.Row,
) Reading {
	return Reading{Kind: kind, Ask: ByKey(sql, parts), Take: func(ctx context.Context, db dbsqlc.DBTX) ([]Change, error) {
		var none P
		ts, err := take(ctx, db, none)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		var cs []Change
		for _, r := range asRows(ts, row) {
			cs = append(cs, Change{Name{kind, r.RowKey()}, r})
		}
		return cs, nil
	}}
}

func takeTokens(ctx context.Context, db dbsqlc.DBTX) (cs []Change, err error) {
	rows, err := q.NamedToken(ctx, db, dbsqlc.NamedTokenParams{})
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	for _, t := range storedTokens(rows) {
		cs = append(cs, Change{Name{KindToken, tokenKey(t.Token)}, t})
	}
	return cs, nil
}

// changes are exactly what is named.
func (r Reading) changes(changed names, found []Change) ([]Change, error) {
	keys := changed[r.Kind]
	found = slices.DeleteFunc(found, func(c Change) bool { _, named := slices.BinarySearch(keys, c.Key); return !named })
	if len(found) == len(keys) {
		return found, nil
	}
	there := make(map[string]bool, len(found))
	for _, c := range found {
		there[c.Key] = true
	}
	missing := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return there[key] })
	if !r.Ends {
		if lost, err := changed.lost(missing); err != nil || lost > 0 {
			return nil, errors.Join(err, fmt.Errorf("%d of %d that the feed names are not there: %s", lost, len(keys), r.Kind))
		}
		return found, nil
	}
	for _, key := range missing {
		found = append(found, Change{Name: Name{r.Kind, key}})
	}
	return found, nil
}
