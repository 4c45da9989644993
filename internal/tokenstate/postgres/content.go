package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// content marks a fault that a value causes: data exceptions (class 22), values that a constraint
// refuses (23502, 23514), and values that are too large (54). A unique key's 23505 is none of them: two
// writers at once may cause it, and a repetition helps.
func content(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch class := refused.Code[:2]; {
	case class == "22", class == "54", refused.Code == "23502", refused.Code == "23514":
		return fmt.Errorf("%w: %w", journal.ErrContent, err)
	}
	return err
}

// asText is s as Postgres can hold it: quoted where it is no UTF-8 or has a NUL, as the subject of a
// message may be. No subject of ours begins with a quote, so that AsArrived can tell them apart.
func asText(s string) string {
	if utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
		return s
	}
	return strconv.Quote(s)
}

// AsArrived is the subject of a parked message as it came.
func AsArrived(p journal.Parked) string {
	if s, err := strconv.Unquote(p.Subject); err == nil {
		return s
	}
	return p.Subject
}
