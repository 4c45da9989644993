package postgres

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// loads read all facts, kind by kind. The tie is not read, for the value determines it.
var loads = []func(context.Context, *Reader, func(tokenstate.Row)) error{
	eachStanding,
	eachLook,
	eachSighting,
	eachRefusal,
	eachCutoff,
	eachPardon,
	eachDoubt,
}

// scoped are the columns that a table's key begins with.
func scoped(s *tokenstate.Scope, more ...Column) []Column {
	return append([]Column{
		{"realm", &s.Realm}, {"user_id", &s.User}, {"client", &s.Client}, {"session", &s.Session}, {"key", &s.Key},
	}, more...)
}

// each shows one row, filled anew each time: a new one for each would be thrown away millions of times.
func each[R tokenstate.Row](ctx context.Context, r *Reader, table string, columns []Column, row R, take func(tokenstate.Row)) error {
	return r.Each(ctx, table, columns, func() error { take(row); return nil })
}

func eachStanding(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.StandingRow{}
	v := &row.Value
	return each(ctx, r, "fact_standing", scoped(&row.Subject.Scope,
		Column{"authority", (*string)(&row.Subject.Authority)}, Column{"node", &row.Node}, Column{"at_ms", (*int64)(&v.At)},
		Column{"gone", &v.Gone}, Column{"disabled", &v.Disabled}, Column{"no_offline", &v.NoOffline},
		Column{"not_before_s", (*int64)(&v.NotBefore)}, Column{"client_id", &v.ClientID}, Column{"cause", &v.Cause}), row, take)
}

func eachLook(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.LookRow{}
	return each(ctx, r, "fact_look", scoped(&row.Scope,
		Column{"node", &row.Node}, Column{"at_ms", (*int64)(&row.Value.At)}, Column{"cause", &row.Value.Cause}), row, take)
}

func eachSighting(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.SightingRow{}
	v := &row.Value
	return each(ctx, r, "fact_sighting", scoped(&row.ID.Seat,
		Column{"gone", &row.ID.Gone}, Column{"node", &row.Node}, Column{"at_ms", (*int64)(&v.At)}, Column{"start_s", (*int64)(&v.Start)},
		Column{"second_s", (*int64)(&v.Second)}, Column{"cause", &v.Cause}, Column{"owner", &v.Owner}), row, take)
}

func eachRefusal(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.RefusalRow{}
	v := &row.Value
	return each(ctx, r, "fact_refusal", scoped(&row.ID.Scope,
		Column{"issued_at_s", (*int64)(&row.ID.IssuedAt)}, Column{"at_ms", (*int64)(&v.At)}, Column{"refused", &v.Refused},
		Column{"retry_at_ms", (*int64)(&v.RetryAt)}, Column{"reason", &v.Reason}, Column{"cause", &v.Cause}), row, take)
}

func eachCutoff(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.CutoffRow{}
	v := &row.Value
	return each(ctx, r, "fact_cutoff", scoped(&row.Scope,
		Column{"cause", &row.Cause}, Column{"before_s", (*int64)(&v.Before)}, Column{"happened_ms", (*int64)(&v.At)},
		Column{"tokens", &v.Tokens}, Column{"keys", &v.Keys}, Column{"reason", &v.Reason}), row, take)
}

func eachPardon(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.PardonRow{}
	v := &row.Value
	return each(ctx, r, "fact_pardon", []Column{
		{"cause", &row.Cause}, {"at_ms", (*int64)(&v.At)}, {"pardoned_by", &v.By}, {"reason", &v.Reason},
	}, row, take)
}

func eachDoubt(ctx context.Context, r *Reader, take func(tokenstate.Row)) error {
	row := &tokenstate.DoubtRow{}
	return each(ctx, r, "fact_doubt", scoped(&row.ID.Doubt.Scope,
		Column{"beneath", &row.ID.Doubt.Beneath}, Column{"settled", &row.ID.Settled}, Column{"node", &row.Node},
		Column{"at_ms", (*int64)(&row.Value.At)}, Column{"event", &row.Value.Event}), row, take)
}

func eachToken(ctx context.Context, r *Reader, take func(StoredToken)) error {
	var s StoredToken
	t := &s.Token
	return r.Each(ctx, "offline_token", []Column{
		{"realm", &t.Realm},
		{"user_id", &t.User},
		{"coalesce(client, '')", &t.Client},
		{"client_id", &t.ClientID},
		{"session", &t.Session},
		{"issued_at_s", (*int64)(&t.IssuedAt)},
		{"expires_at_s", (*int64)(&t.Expires)},
		{"issuer", &t.Issuer},
		{"custody", &s.Custody},
		{"verified", &s.Verified},
		{"scope", &s.Scope},
	}, func() error { take(s); return nil })
}
