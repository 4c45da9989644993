package postgres

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Reader reads whole tables within one transaction, row after row: nothing stands in memory but what whoever reads keeps.
type Reader struct {
	tx       pgx.Tx
	texts    texts
	narrowed *narrowed // nil: all rows
}

// NewReader reads within tx.
func NewReader(tx pgx.Tx) *Reader { return &Reader{tx: tx, texts: texts{seed: maphash.MakeSeed()}} }

// Tx is the transaction, for what is small.
func (r *Reader) Tx() pgx.Tx { return r.tx }

// Column is one that Each reads, and where to. What stands there as a *string may be the same text in many rows.
type Column struct {
	Name string
	To   any
}

// fetched is how many rows come at once. Each such part is a statement with the bounds of one, so that a table may be of
// any size: only what stands still is ended.
const fetched = 5_000

// Each reads the rows of a table, and calls row when the columns of one are in their places.
func (r *Reader) Each(ctx context.Context, table string, columns []Column, row func() error) error {
	names, to := make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		names[i], to[i] = c.Name, c.To
		if s, ok := c.To.(*string); ok {
			to[i] = shared{s, &r.texts}
		}
	}
	cursor := "all_of_" + table
	where, args := r.narrowed.where(table)
	declare := "DECLARE " + cursor + " NO SCROLL CURSOR FOR SELECT " + strings.Join(names, ", ") + " FROM tokenstate." + table + where
	if _, err := r.tx.Exec(ctx, declare, args...); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	for more := true; more; {
		rows, err := r.tx.Query(ctx, fmt.Sprintf("FETCH %d FROM %s", fetched, cursor))
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		tag, err := pgx.ForEachRow(rows, to, row)
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		more = tag.RowsAffected() == fetched
	}
	_, err := r.tx.Exec(ctx, "CLOSE "+cursor)
	return err
}

// texts has the last texts that were read, each once: of most rows the realm, the client and the node are those of others.
type texts struct {
	seed maphash.Seed
	last [1 << 12]string
}

func (t *texts) of(raw []byte) string {
	slot := &t.last[maphash.Bytes(t.seed, raw)%uint64(len(t.last))]
	if *slot != string(raw) {
		*slot = string(raw)
	}
	return *slot
}

// shared is a text's place.
type shared struct {
	to    *string
	texts *texts
}

// ScanBytes implements pgtype.BytesScanner.
func (s shared) ScanBytes(raw []byte) error {
	if *s.to != string(raw) { // as in the row before: most are empty, or of one realm
		*s.to = s.texts.of(raw)
	}
	return nil
}
