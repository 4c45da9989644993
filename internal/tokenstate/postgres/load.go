package postgres

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// loads read all facts, kind by kind.
var loads = []func(context.Context, dbsqlc.DBTX) ([]tokenstate.Row, error){
	allStanding,
	allLook,
	allSighting,
	allRefusal,
	allCutoff,
	allPardon,
	allDoubt,
}

func allStanding(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllStanding(ctx, db)
	return asRows(ts, rowStanding), err
}

func allLook(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllLook(ctx, db)
	return asRows(ts, rowLook), err
}

func allSighting(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllSighting(ctx, db)
	return asRows(ts, rowSighting), err
}

func allRefusal(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllRefusal(ctx, db)
	return asRows(ts, rowRefusal), err
}

func allCutoff(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllCutoff(ctx, db)
	return asRows(ts, rowCutoff), err
}

func allPardon(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllPardon(ctx, db)
	return asRows(ts, rowPardon), err
}

func allDoubt(ctx context.Context, db dbsqlc.DBTX) ([]tokenstate.Row, error) {
	ts, err := q.AllDoubt(ctx, db)
	return asRows(ts, rowDoubt), err
}
