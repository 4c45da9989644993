package postgres

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// joins are run in the same order by every writer, each with its rows sorted by key, so that
// two writers cannot wait for one another.
var joins = []func(context.Context, dbsqlc.DBTX, tokenstate.Facts) ([]tokenstate.Row, error){
	joinStanding,
	joinLook,
	joinSighting,
	joinRefusal,
	joinCutoff,
	joinPardon,
	joinDoubt,
}

func joinStanding(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinStandingParams
	rows := f.StandingRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.Subject.Scope.Realm)
		p.UserIds = append(p.UserIds, r.Subject.Scope.User)
		p.Clients = append(p.Clients, r.Subject.Scope.Client)
		p.Sessions = append(p.Sessions, r.Subject.Scope.Session)
		p.Keys = append(p.Keys, r.Subject.Scope.Key)
		p.Authoritys = append(p.Authoritys, string(r.Subject.Authority))
		p.Nodes = append(p.Nodes, r.Node)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.Gones = append(p.Gones, r.Value.Gone)
		p.Disableds = append(p.Disableds, r.Value.Disabled)
		p.NoOfflines = append(p.NoOfflines, r.Value.NoOffline)
		p.NotBeforeSs = append(p.NotBeforeSs, int64(r.Value.NotBefore))
		p.ClientIds = append(p.ClientIds, r.Value.ClientID)
		p.Causes = append(p.Causes, r.Value.Cause)
	}
	ts, err := q.JoinStanding(ctx, db, p)
	return asRows(ts, rowStanding), err
}

func joinLook(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinLookParams
	rows := f.LookRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.Scope.Realm)
		p.UserIds = append(p.UserIds, r.Scope.User)
		p.Clients = append(p.Clients, r.Scope.Client)
		p.Sessions = append(p.Sessions, r.Scope.Session)
		p.Keys = append(p.Keys, r.Scope.Key)
		p.Nodes = append(p.Nodes, r.Node)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.Causes = append(p.Causes, r.Value.Cause)
	}
	ts, err := q.JoinLook(ctx, db, p)
	return asRows(ts, rowLook), err
}

func joinSighting(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinSightingParams
	rows := f.SightingRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.ID.Seat.Realm)
		p.UserIds = append(p.UserIds, r.ID.Seat.User)
		p.Clients = append(p.Clients, r.ID.Seat.Client)
		p.Sessions = append(p.Sessions, r.ID.Seat.Session)
		p.Keys = append(p.Keys, r.ID.Seat.Key)
		p.Gones = append(p.Gones, r.ID.Gone)
		p.Nodes = append(p.Nodes, r.Node)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.StartSs = append(p.StartSs, int64(r.Value.Start))
		p.SecondSs = append(p.SecondSs, int64(r.Value.Second))
		p.Causes = append(p.Causes, r.Value.Cause)
		p.Owners = append(p.Owners, r.Value.Owner)
	}
	ts, err := q.JoinSighting(ctx, db, p)
	return asRows(ts, rowSighting), err
}

func joinRefusal(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinRefusalParams
	rows := f.RefusalRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.ID.Scope.Realm)
		p.UserIds = append(p.UserIds, r.ID.Scope.User)
		p.Clients = append(p.Clients, r.ID.Scope.Client)
		p.Sessions = append(p.Sessions, r.ID.Scope.Session)
		p.Keys = append(p.Keys, r.ID.Scope.Key)
		p.IssuedAtSs = append(p.IssuedAtSs, int64(r.ID.IssuedAt))
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.Refuseds = append(p.Refuseds, r.Value.Refused)
		p.RetryAtMss = append(p.RetryAtMss, int64(r.Value.RetryAt))
		p.Reasons = append(p.Reasons, r.Value.Reason)
		p.Causes = append(p.Causes, r.Value.Cause)
	}
	ts, err := q.JoinRefusal(ctx, db, p)
	return asRows(ts, rowRefusal), err
}

func joinCutoff(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinCutoffParams
	rows := f.CutoffRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.Scope.Realm)
		p.UserIds = append(p.UserIds, r.Scope.User)
		p.Clients = append(p.Clients, r.Scope.Client)
		p.Sessions = append(p.Sessions, r.Scope.Session)
		p.Keys = append(p.Keys, r.Scope.Key)
		p.Causes = append(p.Causes, r.Cause)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.BeforeSs = append(p.BeforeSs, int64(r.Value.Before))
		p.HappenedMss = append(p.HappenedMss, int64(r.Value.At))
		p.Tokenss = append(p.Tokenss, r.Value.Tokens)
		p.Keyss = append(p.Keyss, r.Value.Keys)
		p.Reasons = append(p.Reasons, r.Value.Reason)
	}
	ts, err := q.JoinCutoff(ctx, db, p)
	return asRows(ts, rowCutoff), err
}

func joinPardon(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinPardonParams
	rows := f.PardonRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Causes = append(p.Causes, r.Cause)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.PardonedBys = append(p.PardonedBys, r.Value.By)
		p.Reasons = append(p.Reasons, r.Value.Reason)
	}
	ts, err := q.JoinPardon(ctx, db, p)
	return asRows(ts, rowPardon), err
}

func joinDoubt(ctx context.Context, db dbsqlc.DBTX, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var p dbsqlc.JoinDoubtParams
	rows := f.DoubtRows()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, r := range rows {
		p.Realms = append(p.Realms, r.ID.Doubt.Scope.Realm)
		p.UserIds = append(p.UserIds, r.ID.Doubt.Scope.User)
		p.Clients = append(p.Clients, r.ID.Doubt.Scope.Client)
		p.Sessions = append(p.Sessions, r.ID.Doubt.Scope.Session)
		p.Keys = append(p.Keys, r.ID.Doubt.Scope.Key)
		p.Beneaths = append(p.Beneaths, r.ID.Doubt.Beneath)
		p.Settleds = append(p.Settleds, r.ID.Settled)
		p.Nodes = append(p.Nodes, r.Node)
		p.AtMss = append(p.AtMss, int64(r.Rank().At))
		p.Ties = append(p.Ties, r.Rank().Tie)
		p.Events = append(p.Events, r.Value.Event)
	}
	ts, err := q.JoinDoubt(ctx, db, p)
	return asRows(ts, rowDoubt), err
}
