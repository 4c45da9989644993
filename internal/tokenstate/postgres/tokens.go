package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// KindToken is the feed's kind of stored tokens.
const KindToken = "token"

// ErrVerifiedStays says that a verified sealed token lies in the seat, and is not given up for one that
// Keycloak has not vouched for.
var ErrVerifiedStays = errors.New("a verified sealed token is stored there")

// ErrNarrower says that what lies in the seat has scopes which the new token lacks.
var ErrNarrower = errors.New("the stored token has scopes that the new one lacks")

// Custodies of a token.
const (
	Sealed  = "sealed"  // its ciphertext is here
	Tracked = "tracked" // a backend keeps it
)

// StoredToken is a token that is stored or tracked here.
type StoredToken struct {
	Token    tokenstate.Token `json:"Token"`
	Custody  string           `json:"Custody"`
	Verified bool             `json:"Verified"` // Keycloak said, when it was stored, that it is what it says
	Scope    string           `json:"Scope"`    // what it may do, separated by blanks; "": not known
}

// Put says what storing a token did.
type Put struct {
	Created bool
	Version int64 // of the feed; 0 if nothing changed
}

// PutToken stores t with its ciphertext, or tracks it without one. A token that is older than
// the stored one of its client and session changes nothing: two refreshes may overtake each other.
// ErrVerifiedStays, ErrNarrower.
func (s *Store) PutToken(ctx context.Context, t StoredToken, c *Ciphertext) (Put, error) {
	return s.put(ctx, t, c, false)
}

// ReplaceToken is PutToken, and takes a token also in the place of one with more scopes.
func (s *Store) ReplaceToken(ctx context.Context, t StoredToken, c *Ciphertext) (Put, error) {
	return s.put(ctx, t, c, true)
}

func (s *Store) put(ctx context.Context, t StoredToken, c *Ciphertext, narrower bool) (Put, error) {
	var put Put
	version, err := writeOn(ctx, s.pool, func(conn *pgxpool.Conn) ([]Name, error) {
		old, err := seated(ctx, conn, t.Token)
		if err != nil || old != nil && old.IssuedAtS > int64(t.Token.IssuedAt) {
			return nil, err
		}
		if old != nil && old.Custody == Sealed && old.Verified && !t.Verified {
			return nil, ErrVerifiedStays
		}
		if old != nil && !narrower && lacks(t.Scope, old.Scope) {
			return nil, ErrNarrower
		}
		put.Created = old == nil
		return changedTokens(putToken(ctx, conn, t, c))
	})
	if err != nil {
		return Put{}, fmt.Errorf("store token: %w", err)
	}
	put.Version = version
	return put, nil
}

// lacks reports whether a token of one scope cannot do all that one of another can. Of a scope that is not known nobody
// can tell.
func lacks(scope, other string) bool {
	has := strings.Fields(scope)
	return len(has) > 0 && slices.ContainsFunc(strings.Fields(other), func(s string) bool { return !slices.Contains(has, s) })
}

// seated begins a transaction, waits for others who store in t's place, and is storedRow then. It is one message, as commit is, and
// for the same reason: who waits for the place must not wait for somebody whose second message is on a network that is away.
func seated(ctx context.Context, conn *pgxpool.Conn, t tokenstate.Token) (old *dbsqlc.TokenstateOfflineToken, err error) {
	results := conn.Conn().PgConn().Exec(ctx, "BEGIN;\n"+inSeat(t, dbsqlc.LockSeat+";\n"+dbsqlc.StoredToken))
	for n := 1; err == nil && results.NextResult(); n++ {
		if n < 3 { // BEGIN and the lock say nothing
			_, err = results.ResultReader().Close()
			continue
		}
		old, err = pgx.CollectOneRow(pgx.RowsFromResultReader(conn.Conn().TypeMap(), results.ResultReader()),
			pgx.RowToAddrOfStructByPos[dbsqlc.TokenstateOfflineToken])
		if errors.Is(err, pgx.ErrNoRows) {
			old, err = nil, nil // nothing is stored
		}
	}
	return old, errors.Join(err, results.Close())
}

// inSeat puts t's place into statements.
func inSeat(t tokenstate.Token, statements string) string {
	return strings.NewReplacer("$1", literal(t.Realm), "$2", literal(t.Session), "$3", literal(t.ClientID)).Replace(statements)
}

// literal is a text in SQL, whatever it holds. Without its collation it would have that of the encoding's name, and no index
// of ours would be used for it.
func literal(text string) string {
	return fmt.Sprintf(`convert_from(decode('%x', 'hex'), 'UTF8') COLLATE "default"`, text)
}

// storedRow locks what is stored in t's place; nil if nothing is.
func storedRow(ctx context.Context, tx dbsqlc.DBTX, t tokenstate.Token) (*dbsqlc.TokenstateOfflineToken, error) {
	row, err := q.StoredToken(ctx, tx, dbsqlc.StoredTokenParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // nothing is stored
	}
	return &row, err
}

// putToken stores a token and its ciphertext.
func putToken(ctx context.Context, tx dbsqlc.DBTX, t StoredToken, c *Ciphertext) ([]dbsqlc.TokenstateOfflineToken, error) {
	p := dbsqlc.PutTokenParams{
		Realm: t.Token.Realm, UserID: t.Token.User, Client: textOrNull(t.Token.Client), ClientID: t.Token.ClientID, Session: t.Token.Session,
		IssuedAtS: int64(t.Token.IssuedAt), ExpiresAtS: int64(t.Token.Expires), Custody: Tracked, Verified: t.Verified, Scope: t.Scope,
		Issuer: t.Token.Issuer,
	}
	if c != nil {
		p.Custody, p.KeyID, p.Ciphertext = Sealed, c.KeyID, c.Bytes
	}
	return q.PutToken(ctx, tx, p)
}

// DeleteToken forgets all tokens of a user's session, ciphertexts as well.
func (s *Store) DeleteToken(ctx context.Context, realm, user, session string) (n int, version int64, err error) {
	version, err = Write(ctx, s.pool, func(tx pgx.Tx) (cs []Name, err error) {
		clients, err := q.DeleteSession(ctx, tx, dbsqlc.DeleteSessionParams{Realm: realm, UserID: user, Session: session})
		for _, c := range clients {
			cs = append(cs, Name{KindToken, tokenKey(tokenstate.Token{Realm: realm, Session: session, ClientID: c})})
		}
		n = len(clients)
		return cs, err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("delete token: %w", err)
	}
	return n, version, nil
}

// BindClient gives tokens of a client_id the client's UUID, where it was not known.
func (s *Store) BindClient(ctx context.Context, realm, clientID, uuid string) (n int, err error) {
	_, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		rows, err := q.BindClient(ctx, tx, dbsqlc.BindClientParams{Realm: realm, ClientID: clientID, Client: &uuid})
		n = len(rows)
		return changedTokens(rows, err)
	})
	if err != nil {
		return 0, fmt.Errorf("bind tokens to their client: %w", err)
	}
	return n, nil
}

// changedTokens are the names of rows, unless there was a fault.
func changedTokens(rows []dbsqlc.TokenstateOfflineToken, err error) (ns []Name, _ error) {
	for _, r := range rows {
		ns = append(ns, Name{KindToken, tokenKey(storedToken(r).Token)})
	}
	return ns, err
}

// ListTokens reads all stored and tracked tokens.
func (s *Store) ListTokens(ctx context.Context) ([]StoredToken, error) {
	return listTokens(ctx, s.pool)
}

func listTokens(ctx context.Context, db dbsqlc.DBTX) ([]StoredToken, error) {
	rows, err := q.ListTokens(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return storedTokens(rows), nil
}

// TokensNamed reads the tokens of a user or of a session; realm "": in all realms.
func (s *Store) TokensNamed(ctx context.Context, realm, name string) ([]StoredToken, error) {
	rows, err := q.TokensNamed(ctx, s.pool, dbsqlc.TokensNamedParams{Realm: realm, Name: name})
	if err != nil {
		return nil, fmt.Errorf("read a user's tokens: %w", err)
	}
	return storedTokens(rows), nil
}

func storedTokens(rows []dbsqlc.TokenstateOfflineToken) []StoredToken {
	ts := make([]StoredToken, len(rows))
	for i, r := range rows {
		ts[i] = storedToken(r)
	}
	return ts
}

func storedToken(r dbsqlc.TokenstateOfflineToken) StoredToken {
	t := tokenstate.Token{
		Realm: r.Realm, User: r.UserID, ClientID: r.ClientID, Session: r.Session,
		IssuedAt: tokenstate.Seconds(r.IssuedAtS), Expires: tokenstate.Seconds(r.ExpiresAtS), Issuer: r.Issuer,
	}
	if r.Client != nil {
		t.Client = *r.Client
	}
	return StoredToken{Token: t, Custody: r.Custody, Verified: r.Verified, Scope: r.Scope}
}

func tokenKey(t tokenstate.Token) string {
	b, _ := json.Marshal([]string{t.Realm, t.Session, t.ClientID}) // strings cannot fail
	return string(b)
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
