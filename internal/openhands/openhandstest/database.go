// Package openhandstest makes databases as OpenHands' backend has them, with made-up people.
package openhandstest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Schema is that of OpenHands' migrations: naive timestamps, plaintext keys, no unique names.
const Schema = `
CREATE TABLE api_keys (
    id serial PRIMARY KEY,
    key varchar(255) NOT NULL UNIQUE,
    user_id varchar(255) NOT NULL,
    org_id uuid,
    name varchar(255),
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at timestamp,
    not_before timestamp,
    expires_at timestamp
);
CREATE TABLE offline_tokens (
    user_id varchar(255) PRIMARY KEY,
    offline_token varchar NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE "user" (
    id uuid PRIMARY KEY,
    is_disabled boolean NOT NULL DEFAULT false,
    deletion_pending boolean NOT NULL DEFAULT false,
    credentials_revoked_at timestamptz
);
CREATE TABLE api_key_scopes (
    id serial PRIMARY KEY,
    api_key_id integer NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    scope varchar(255) NOT NULL
);`

// Make fills an empty database with n keys, four for each user, and tokens of the first users.
func Make(ctx context.Context, url string, n, tokens int) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, Schema); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	columns := []string{"id", "key", "user_id", "org_id", "name", "created_at", "last_used_at", "not_before", "expires_at"}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"api_keys"}, columns,
		pgx.CopyFromSlice(n, func(i int) ([]any, error) { return key(i+1, now), nil })); err != nil {
		return fmt.Errorf("fill api_keys: %w", err)
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"offline_tokens"}, []string{"user_id", "offline_token"},
		pgx.CopyFromSlice(tokens, func(i int) ([]any, error) {
			value, err := Encrypt(i, JWT(User(i), "app", fmt.Sprintf("session-%d", i), now.Add(-time.Hour).Unix()))
			return []any{User(i), value}, err
		}))
	if err != nil {
		return fmt.Errorf("fill offline_tokens: %w", err)
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"user"}, []string{"id"},
		pgx.CopyFromSlice(n/4+1, func(i int) ([]any, error) { return []any{User(i)}, nil }))
	if err != nil {
		return fmt.Errorf("fill user: %w", err)
	}
	return nil
}

// User is the id of the i-th user.
func User(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }

// Org is the organization of the i-th user; one in five has none.
func Org(i int) string {
	if i%5 == 0 {
		return ""
	}
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", i%100)
}

// Value of the key of a number: one in three is from before keys had a prefix.
func Value(id int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	sum := sha256.Sum256(fmt.Appendf(nil, "key %d", id))
	text := make([]byte, len(sum))
	for i, b := range sum {
		text[i] = alphabet[int(b)%len(alphabet)]
	}
	if id%3 == 0 {
		return string(text)
	}
	return "sk-oh-" + string(text)
}

// Owner of the key of a number.
func Owner(id int) (user, org string) { return User(id / 4), Org(id / 4) }

// Of each user's four keys two have the same name: concurrent dispatchers made both.
var names = []any{"__SYSTEM__:automation", "__SYSTEM__:automation", nil, "laptop"}

func key(id int, now time.Time) []any {
	user, org := Owner(id)
	row := []any{id, Value(id), user, nil, names[id%4], now.AddDate(-1, 0, 0), nil, nil, nil}
	if org != "" {
		row[3] = org
	}
	if id%2 == 0 {
		row[6] = now.Add(-time.Minute)
	}
	switch {
	case id%50 == 9:
		row[7] = now.AddDate(0, 0, 1)
	case id%10 == 7:
		row[8] = now.AddDate(0, 0, -1)
	case id%10 == 8:
		row[8] = now.AddDate(1, 0, 0)
	}
	return row
}
