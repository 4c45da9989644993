package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Around is what decides about some users' tokens and keys.
type Around struct {
	Facts  tokenstate.Facts
	Tokens []tokenstate.Token // those that name the users, and those of sessions that a look has shown to be theirs
	Rules  tokenstate.Rules
}

// AroundUsers reads what is known around users, mostly one, of one state of the database: enough to judge them as everything
// would, whoever else there is.
func (s *Store) AroundUsers(ctx context.Context, realm string, users ...string) (around Around, err error) {
	err = s.inOneState(ctx, func(tx pgx.Tx) error {
		if around.Rules, err = rules(ctx, tx); err != nil {
			return err
		}
		near := narrowed{realm: realm, users: append([]string{""}, users...), clients: []string{""}, sessions: []string{""}}
		rows, err := q.TokensAround(ctx, tx, dbsqlc.TokensAroundParams{Realm: realm, Users: users})
		if err != nil {
			return err
		}
		for _, t := range storedTokens(rows) {
			around.Tokens = append(around.Tokens, t.Token)
			near.users = append(near.users, t.Token.User)
			near.clients = append(near.clients, t.Token.Client, t.Token.ClientID)
			near.sessions = append(near.sessions, t.Token.Session)
		}
		if err := near.addClients(ctx, tx); err != nil {
			return err
		}
		if around.Facts, err = near.facts(ctx, tx); err != nil || !near.addOwners(around.Facts) {
			return err
		}
		around.Facts, err = near.facts(ctx, tx)
		return err
	})
	if err != nil {
		return Around{}, fmt.Errorf("read what is around users: %w", err)
	}
	return around, nil
}

// ClientCalled is the UUID of the client that now has a client_id; "" if none is known to.
func (s *Store) ClientCalled(ctx context.Context, realm, clientID string) (uuid string, err error) {
	err = s.inOneState(ctx, func(tx pgx.Tx) error {
		near := narrowed{realm: realm, users: []string{""}, clients: []string{clientID}, sessions: []string{""}}
		if err := near.addClients(ctx, tx); err != nil {
			return err
		}
		f, err := near.facts(ctx, tx)
		uuid = f.ClientCalled(realm, clientID)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("find the client of a client_id: %w", err)
	}
	return uuid, nil
}

// CutBy is what one event or order has cut off.
func (s *Store) CutBy(ctx context.Context, cause string) ([]tokenstate.CutoffRow, error) {
	return cutoffs(q.CutoffsBy(ctx, s.pool, cause))
}

// CutOf is what events and orders about a user have cut off, whether or not anything is stored that comes under it; realm "": in
// all realms.
func (s *Store) CutOf(ctx context.Context, realm, user string) ([]tokenstate.CutoffRow, error) {
	return cutoffs(q.CutoffsOf(ctx, s.pool, dbsqlc.CutoffsOfParams{Realm: realm, UserID: user}))
}

func cutoffs(rows []dbsqlc.TokenstateFactCutoff, err error) (cut []tokenstate.CutoffRow, _ error) {
	if err != nil {
		return nil, fmt.Errorf("find what was cut off: %w", err)
	}
	for _, r := range rows {
		cut = append(cut, rowCutoff(r).(tokenstate.CutoffRow)) // it gives nothing else
	}
	return cut, nil
}

// narrowed are the rows to read in place of all: those of a realm whose user, client and session are each among these. ""
// is for rows that name none.
type narrowed struct {
	realm                    string
	users, clients, sessions []string
}

// addClients adds the clients that bear, or once bore, the client_ids among clients.
func (n *narrowed) addClients(ctx context.Context, tx pgx.Tx) error {
	uuids, err := q.ClientsEverCalled(ctx, tx, dbsqlc.ClientsEverCalledParams{Realm: n.realm, ClientIds: n.clients})
	n.clients = append(n.clients, uuids...)
	return err
}

// addOwners adds whose the sessions are, as looks have shown, where that is somebody else than whom the tokens name. Which
// client a token is of, and so which of its session's looks counts, may be known only when all this is read: all count here.
func (n *narrowed) addOwners(f tokenstate.Facts) (added bool) {
	for _, r := range f.SightingRows() {
		if owner := r.Value.Owner; r.ID.Seat.Session != "" && !slices.Contains(n.users, owner) {
			n.users, added = append(n.users, owner), true
		}
	}
	return added
}

// byKeys has Postgres go along the primary keys. Most rows of a large table name no user, most no client, and most no session;
// it does not know that hardly any name none of them, and would read the table whole.
const byKeys = "SET LOCAL enable_seqscan = off"

func (n *narrowed) facts(ctx context.Context, tx pgx.Tx) (tokenstate.Facts, error) {
	if _, err := tx.Exec(ctx, byKeys); err != nil {
		return tokenstate.Facts{}, fmt.Errorf("read by primary keys: %w", err)
	}
	f, r := tokenstate.NewFacts(), NewReader(tx)
	r.narrowed = n
	err := eachFact(ctx, r, func(row tokenstate.Row) { row.SetIn(f) })
	return f, err
}

// where is the condition on a table of facts. Pardons name what they take back by its cause only; they are few.
func (n *narrowed) where(table string) (condition string, args []any) {
	if n == nil || table == "fact_pardon" {
		return "", nil
	}
	return " WHERE realm = $1 AND user_id = ANY($2) AND client = ANY($3) AND session = ANY($4)", []any{n.realm, n.users, n.clients, n.sessions}
}
