package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// ErrDryRun undoes a transaction that was only tried.
var ErrDryRun = errors.New("a dry run keeps nothing")

// ImportPosition is where an interrupted import goes on; "" for none.
func (s *Store) ImportPosition(ctx context.Context, source string) (string, error) {
	at, err := q.ImportPosition(ctx, s.pool, source)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read the import's position: %w", err)
	}
	return at, nil
}

// MoveImport is part of the transaction that takes over what lies before position.
func MoveImport(ctx context.Context, tx pgx.Tx, source, position string) error {
	if err := q.PutImportPosition(ctx, tx, dbsqlc.PutImportPositionParams{Source: source, Position: position}); err != nil {
		return fmt.Errorf("write the import's position: %w", err)
	}
	return nil
}

// ImportDone forgets the position.
func (s *Store) ImportDone(ctx context.Context, source string) error {
	if err := q.ForgetImport(ctx, s.pool, source); err != nil {
		return fmt.Errorf("forget the import's position: %w", err)
	}
	return nil
}

// SealedImport is a token of another system with its ciphertext.
type SealedImport struct {
	Token      StoredToken
	Ciphertext Ciphertext
}

// ImportedTokens counts; Narrower are the users whose token lacks scopes of the one that stays in its place.
type ImportedTokens struct {
	Added, Changed int
	Narrower       []string
}

// ImportTokens stores a page of another system's tokens as PutToken does, in one transaction with
// the import's position. What is sealed here already is left alone, for it may be verified.
func (s *Store) ImportTokens(ctx context.Context, source, position string, dry bool, page []SealedImport) (out ImportedTokens, err error) {
	_, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		var rows []dbsqlc.TokenstateOfflineToken
		for _, one := range page {
			put, err := importToken(ctx, tx, one, &out)
			if err != nil {
				return nil, err
			}
			rows = append(rows, put...)
		}
		if dry {
			return nil, ErrDryRun
		}
		return changedTokens(rows, MoveImport(ctx, tx, source, position))
	})
	if err != nil && !errors.Is(err, ErrDryRun) {
		return ImportedTokens{}, fmt.Errorf("import tokens: %w", err)
	}
	return out, nil
}

// importToken stores one token, unless what is stored in its place is newer, sealed, or may do more.
func importToken(ctx context.Context, tx pgx.Tx, one SealedImport, out *ImportedTokens) ([]dbsqlc.TokenstateOfflineToken, error) {
	old, err := storedRow(ctx, tx, one.Token.Token)
	if err != nil {
		return nil, err
	}
	if old == nil {
		out.Added++
		return putToken(ctx, tx, one.Token, &one.Ciphertext)
	}
	iat := int64(one.Token.Token.IssuedAt)
	if old.IssuedAtS > iat || old.IssuedAtS == iat && old.Custody == Sealed {
		return nil, nil
	}
	if lacks(one.Token.Scope, old.Scope) {
		out.Narrower = append(out.Narrower, one.Token.Token.User)
		return nil, nil
	}
	out.Changed++
	return putToken(ctx, tx, one.Token, &one.Ciphertext)
}

// DisabledByBackend are the users of a realm whom the backend's own word has disabled.
func (s *Store) DisabledByBackend(ctx context.Context, realm string) (map[string]bool, error) {
	users, err := q.DisabledByBackend(ctx, s.pool, realm)
	if err != nil {
		return nil, fmt.Errorf("read whom the backend has disabled: %w", err)
	}
	disabled := make(map[string]bool, len(users))
	for _, user := range users {
		disabled[user] = true
	}
	return disabled, nil
}
