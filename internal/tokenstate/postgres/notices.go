package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Notices keeps what people are told, and who has it yet to be brought.
type Notices struct{ pool *pgxpool.Pool }

// Notices are those of this store.
func (s *Store) Notices() Notices { return Notices{s.pool} }

// NoticesFresh is how old the knowledge may be that a notice is written from. Who was frozen for longer may have been
// overtaken by another worker, who knows better.
const NoticesFresh = 15 * time.Second

// NoticeMoment is the database's time, and the version of the feed by then.
func (s Notices) NoticeMoment(ctx context.Context) (tokenstate.Millis, int64, error) {
	m, err := q.NoticeMoment(ctx, s.pool)
	if err != nil {
		return 0, 0, fmt.Errorf("read the feed's version: %w", err)
	}
	return tokenstate.Millis(m.At.UnixMilli()), m.Version, nil
}

// Told is what was told last of each subject.
func (s Notices) Told(ctx context.Context) (map[notice.Subject]notice.Told, error) {
	rows, err := q.NoticeStates(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	all := make(map[notice.Subject]notice.Told, len(rows))
	for _, r := range rows {
		s := notice.Subject{Realm: r.Realm, User: r.UserID, Client: r.ClientID, Key: r.KeyID}
		all[s] = notice.Told{Type: notice.Type(r.Type), Cause: r.Cause, ID: r.ID}
	}
	return all, nil
}

// Tell writes all of these notices or none; notice.ErrOvertaken. known is the moment of what they were decided from.
func (s Notices) Tell(ctx context.Context, known tokenstate.Millis, all []notice.Written) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		last, err := q.ReserveNotices(ctx, tx, dbsqlc.ReserveNoticesParams{Count: int64(len(all)), Until: known.Time().Add(NoticesFresh)})
		if errors.Is(err, pgx.ErrNoRows) {
			return notice.ErrOvertaken
		}
		if err != nil {
			return err
		}
		first := last - int64(len(all)) + 1
		for i, w := range all {
			if err := tell(ctx, tx, first+int64(i), w, known.Time()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write notices: %w", err)
	}
	return nil
}

func tell(ctx context.Context, tx pgx.Tx, number int64, w notice.Written, at time.Time) error {
	n, told := w.Subject, w.Tells()
	moved, err := q.TellNotice(ctx, tx, dbsqlc.TellNoticeParams{
		Realm: n.Realm, UserID: n.User, ClientID: n.Client, KeyID: n.Key,
		Type: string(told.Type), Cause: told.Cause, ID: told.ID, At: at, LastID: w.Last.ID,
	})
	if err == nil && moved == 0 {
		err = notice.ErrOvertaken
	}
	if err != nil {
		return err
	}
	added, err := q.AddNotice(ctx, tx, dbsqlc.AddNoticeParams{
		Number: number, ID: told.ID, At: at, Type: string(told.Type), Realm: n.Realm, UserID: n.User, ClientID: n.Client, Body: string(w.Body),
	})
	if err != nil || added == 0 || len(w.For) == 0 {
		return err
	}
	return q.AddDeliveries(ctx, tx, dbsqlc.AddDeliveriesParams{Endpoints: w.For, Number: number})
}

// NumberedNotice is a notice's CloudEvent and its place.
type NumberedNotice struct {
	N    int64
	Body []byte
}

// NoticesAfter reads the notices of a realm that follow a place.
func (s Notices) NoticesAfter(ctx context.Context, realm string, after int64, most int) ([]NumberedNotice, error) {
	rows, err := q.NoticesAfter(ctx, s.pool, dbsqlc.NoticesAfterParams{Realm: realm, After: after, Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	out := make([]NumberedNotice, len(rows))
	for i, r := range rows {
		out[i] = NumberedNotice{r.N, []byte(r.Body)}
	}
	return out, nil
}

// LastNotice is the place of the latest notice of any realm; 0: there was none.
func (s Notices) LastNotice(ctx context.Context) (int64, error) {
	n, err := q.LastNotice(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("read the last notice: %w", err)
	}
	return n, nil
}

// PruneNotices removes those that are older, and what is kept of subjects of which nothing is amiss since.
func (s Notices) PruneNotices(ctx context.Context, before time.Time) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := q.PruneNotices(ctx, tx, before); err != nil {
			return err
		}
		_, err := q.PruneNoticeStates(ctx, tx, before)
		return err
	})
	if err != nil {
		return fmt.Errorf("prune notices: %w", err)
	}
	return nil
}

// KeyUses says when any key of each of these users was last used, for those who have ever used one.
func (s Notices) KeyUses(ctx context.Context, users []tokenstate.Scope) (map[tokenstate.Scope]tokenstate.Millis, error) {
	var ask dbsqlc.KeyUsesParams
	for _, u := range users {
		ask.Realms, ask.Users = append(ask.Realms, u.Realm), append(ask.Users, u.User)
	}
	rows, err := q.KeyUses(ctx, s.pool, ask)
	if err != nil {
		return nil, fmt.Errorf("read the last uses of keys: %w", err)
	}
	out := make(map[tokenstate.Scope]tokenstate.Millis, len(rows))
	for _, r := range rows {
		out[tokenstate.Scope{Realm: r.Realm, User: r.UserID}] = tokenstate.Millis(r.UsedMs)
	}
	return out, nil
}
