package openhands

import (
	"context"
	"errors"
	"fmt"
	"math"
	neturl "net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Errors of a source. None repeats the URL.
var (
	ErrUnreachable = errors.New("the OpenHands database cannot be reached: check OPENHANDS_DATABASE_URL")
	ErrOther       = errors.New("the keys that were imported before are not those of this OpenHands database: is it the right one? nothing was done")
	ErrForeign     = errors.New("this is no OpenHands database: it lacks the tables api_keys and offline_tokens")
)

// Source is an OpenHands database as it was at one instant: one read-only transaction.
type Source struct {
	conn    *pgx.Conn
	tx      pgx.Tx
	columns map[string]bool // table.column: org_id, not_before, scopes and the table user came later
}

// Open connects. The caller closes it.
func Open(ctx context.Context, url secret.Text) (*Source, error) {
	c, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return nil, ErrUnreachable // the library's own words repeat the URL
	}
	c.RuntimeParams["default_transaction_read_only"] = "on"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, ErrUnreachable
	}
	s := &Source{conn: conn, columns: map[string]bool{}}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Source) begin(ctx context.Context) (err error) {
	if s.tx, err = s.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}); err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	const ask = `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = ANY (current_schemas(false)) AND table_name IN ('api_keys', 'api_key_scopes', 'offline_tokens', 'user')`
	rows, err := s.tx.Query(ctx, ask)
	if err != nil {
		return fmt.Errorf("read the columns: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the columns: %w", err)
	}
	for _, name := range names {
		s.columns[name] = true
	}
	if !s.columns["api_keys.key"] || !s.columns["offline_tokens.offline_token"] {
		return ErrForeign
	}
	return nil
}

// Close ends the transaction and the connection.
func (s *Source) Close(ctx context.Context) error {
	if err := s.conn.Close(ctx); err != nil {
		return fmt.Errorf("close the OpenHands database: %w", err)
	}
	return nil
}

// HasPassword says that a URL or a list of key=value holds a password in the clear.
func HasPassword(url string) bool {
	if u, err := neturl.Parse(url); err == nil && u.User != nil {
		if _, set := u.User.Password(); set {
			return true
		}
	}
	return strings.Contains(url, "password=")
}

// Size is how many rows there are.
func (s *Source) Size(ctx context.Context) (keys, tokens int64, err error) {
	const ask = `SELECT (SELECT count(*) FROM api_keys), (SELECT count(*) FROM offline_tokens)`
	if err := s.tx.QueryRow(ctx, ask).Scan(&keys, &tokens); err != nil {
		return 0, 0, fmt.Errorf("count the rows: %w", err)
	}
	return keys, tokens, nil
}

// Key is a row of api_keys. Org and Name are "" for NULL.
type Key struct {
	ID              int64
	Key             secret.Text
	User, Org, Name string
	Created         tokenstate.Seconds
	LastUsed        tokenstate.Seconds // 0: never
	NotBefore       tokenstate.Seconds // 0: at once
	Expires         tokenstate.Seconds // 0: never; dead from that second on
	Disabled        bool               // its owner, who may be about to be deleted
	Scoped          bool               // it may do less than its owner
	Revoked         bool               // all that its owner had when it was there
}

// Keys reads the next keys in the order of their ids.
func (s *Source) Keys(ctx context.Context, after int64, limit int) ([]Key, error) {
	rows, err := s.tx.Query(ctx, s.keyQuery(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("read api_keys: %w", err)
	}
	return collect(rows, "api_keys", func(row pgx.CollectableRow) (Key, error) {
		var k Key
		var text string
		var created, used, notBefore, expires *float64
		err := row.Scan(&k.ID, &text, &k.User, &k.Org, &k.Name, &created, &used, &notBefore, &expires, &k.Disabled, &k.Scoped, &k.Revoked)
		k.Key = secret.New(text)
		k.Created, k.LastUsed = second(created), second(used)
		k.NotBefore, k.Expires = second(notBefore), expiry(expires)
		return k, err
	})
}

// keyQuery: the epoch of a naive timestamp is that of UTC, whatever this session's time zone is,
// and that of one with a zone is right as well. What begins late begins at the next whole second.
func (s *Source) keyQuery() string {
	org, notBefore, scoped := "''", "NULL::float8", "false"
	if s.columns["api_keys.org_id"] {
		org = "coalesce(org_id::text, '')"
	}
	if s.columns["api_keys.not_before"] {
		notBefore = "ceil(extract(epoch FROM not_before))::float8"
	}
	if s.columns["api_key_scopes.api_key_id"] { // a key without any may do everything
		scoped = "EXISTS (SELECT FROM api_key_scopes s WHERE s.api_key_id = api_keys.id AND s.scope <> 'full')"
	}
	return `SELECT id::bigint, key, user_id, ` + org + `, coalesce(name, ''), floor(extract(epoch FROM created_at))::float8,
		floor(extract(epoch FROM last_used_at))::float8, ` + notBefore + `, floor(extract(epoch FROM expires_at))::float8, ` + s.disabledOwner() + `, ` + scoped + `, ` + s.revokedOwner() + `
		FROM api_keys WHERE id > $1::bigint ORDER BY id LIMIT $2`
}

// Token is a row of offline_tokens, its value still encrypted.
type Token struct {
	User  string
	Value secret.Text
}

// Tokens reads the next tokens in the order of their users.
func (s *Source) Tokens(ctx context.Context, after string, limit int) ([]Token, error) {
	const ask = `SELECT user_id, offline_token FROM offline_tokens WHERE user_id COLLATE "C" > $1 ORDER BY user_id COLLATE "C" LIMIT $2`
	rows, err := s.tx.Query(ctx, ask, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read offline_tokens: %w", err)
	}
	return collect(rows, "offline_tokens", func(row pgx.CollectableRow) (Token, error) {
		var t Token
		var value string
		err := row.Scan(&t.User, &value)
		t.Value = secret.New(value)
		return t, err
	})
}

func collect[T any](rows pgx.Rows, table string, read pgx.RowToFunc[T]) ([]T, error) {
	all, err := pgx.CollectRows(rows, read)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return all, nil
}

// last is the last second of the year 9999; what lies beyond is never.
const last = 253402300799

func second(epoch *float64) tokenstate.Seconds {
	if epoch == nil {
		return 0
	}
	return tokenstate.Seconds(math.Max(0, math.Min(*epoch, last)))
}

// expiry: 0 means never here, so what expired before 1970 did so in its first second.
func expiry(epoch *float64) tokenstate.Seconds {
	if epoch == nil || *epoch > last {
		return 0
	}
	return max(1, second(epoch))
}
