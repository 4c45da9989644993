package openhands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// page is how many rows one transaction takes over, and one version of the feed announces.
const page = 5000

// Target is where everything goes. A page and the position after it are one transaction, so that
// an import that was interrupted goes on where it stopped.
type Target interface {
	// Position of an import that was interrupted; "" for none.
	Position(ctx context.Context, source string) (string, error)
	// PutKeys adds keys, or corrects what it has under their ids; never what was revoked here.
	PutKeys(ctx context.Context, at Position, keys []Imported) (Outcome, error)
	// PutTokens seals tokens, unverified; one that is known already stays as it is, and so does one with more scopes, whose
	// user is told as refused.
	PutTokens(ctx context.Context, at Position, tokens []Opened) (Outcome, error)
	// Done forgets the position: the next import begins anew.
	Done(ctx context.Context, source string) error
	// Living are the keys whose ids have a prefix and that are not revoked.
	Living(ctx context.Context, prefix string) ([]Held, error)
	Revoke(ctx context.Context, realm string, keys []Held) error
	// Disable gives the backend's standing of users who are not disabled by it yet, or if dry counts them.
	Disable(ctx context.Context, realm string, users []string, dry bool) (n int, err error)
}

// Held is a key that was taken over.
type Held struct {
	ID, User, PepperID string
	Digest             apikey.Sum
}

// is reports whether a key of the same number is the same. Under another pepper only its owner tells.
func (h Held) is(k apikey.Record) bool {
	return h.User == k.User && (h.PepperID != k.PepperID || h.Digest == k.Digest)
}

// Position is how far an import of a table has come. Dry: nothing is to be kept.
type Position struct {
	Source, After string
	Dry           bool
}

// Opened is an offline token, decrypted and read.
type Opened struct {
	Token tokenstate.Token
	Text  secret.Text
	Scope string // what it may do, separated by blanks
}

// Outcome of a page. Refused are the ids of keys whose value another key has, or the users whose token is narrower than
// the one that is stored in its place.
type Outcome struct {
	Added, Changed int
	Refused        []string
}

// Import is one import into one realm.
type Import struct {
	From    *Source
	To      Target
	Realm   string
	Pepper  apikey.Pepper
	Secrets Secrets
	// Read says what a token claims to be, and refuses what PUT /v1/offline-tokens would.
	Read     func(ctx context.Context, text secret.Text) (Opened, error)
	Dry      bool // everything is read and tried, and nothing is kept
	Revoke   bool // what OpenHands has deleted is revoked here, not only told
	Progress func(table string, rows int64)
}

// Run takes over who is disabled, then all keys, then all tokens.
func (m *Import) Run(ctx context.Context) (Report, error) {
	r := Report{DryRun: m.Dry, Skipped: []Skip{}}
	if err := m.missing(ctx, &r); err != nil { // first: it knows a wrong database
		return r, err
	}
	if err := m.disabled(ctx, &r); err != nil {
		return r, err
	}
	if err := m.keys(ctx, &r); err != nil {
		return r, err
	}
	return r, m.tokens(ctx, &r)
}

func (m *Import) keys(ctx context.Context, r *Report) error {
	defer r.Keys.timed(time.Now())
	return m.pages(ctx, "api_keys", func(at *Position) (int, error) {
		after, err := number(at.After)
		if err != nil {
			return 0, err
		}
		rows, err := m.From.Keys(ctx, after, page)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		at.After = strconv.FormatInt(rows[len(rows)-1].ID, 10)
		taken := make([]Imported, 0, len(rows))
		for _, k := range rows {
			one, err := k.Take(m.Realm, m.Pepper)
			if err != nil {
				r.skip(&r.Keys, "api_keys", strconv.FormatInt(k.ID, 10), err)
				continue
			}
			taken = append(taken, one)
		}
		out, err := m.To.PutKeys(ctx, *at, taken)
		if err != nil {
			return 0, err
		}
		r.Keys.count(len(rows), len(taken), out)
		for _, id := range out.Refused {
			r.skip(&r.Keys, "api_keys", id, ErrTaken)
		}
		return len(rows), nil
	})
}

func (m *Import) tokens(ctx context.Context, r *Report) error {
	defer r.Tokens.timed(time.Now())
	return m.pages(ctx, "offline_tokens", func(at *Position) (int, error) {
		rows, err := m.From.Tokens(ctx, at.After, page)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		at.After = rows[len(rows)-1].User
		opened := make([]Opened, 0, len(rows))
		for _, row := range rows {
			one, err := m.open(ctx, row)
			if err != nil {
				r.skip(&r.Tokens, "offline_tokens", row.User, err)
				continue
			}
			opened = append(opened, one)
		}
		out, err := m.To.PutTokens(ctx, *at, opened)
		if err != nil {
			return 0, err
		}
		r.Tokens.count(len(rows), len(opened), out)
		for _, user := range out.Refused {
			r.skip(&r.Tokens, "offline_tokens", user, ErrNarrower)
		}
		return len(rows), nil
	})
}

// open decrypts a row. The session and the client that a token is known by are only inside it.
func (m *Import) open(ctx context.Context, row Token) (Opened, error) {
	text, err := m.Secrets.Open(row.Value)
	if err != nil {
		return Opened{}, err
	}
	one, err := m.Read(ctx, text)
	if err != nil {
		return Opened{}, err
	}
	if one.Token.User == "" {
		one.Token.User = row.User
	}
	if one.Token.User != row.User {
		return Opened{}, ErrOtherUser
	}
	return one, nil
}

// pages goes through a table from where an interrupted import stopped.
func (m *Import) pages(ctx context.Context, table string, take func(*Position) (int, error)) error {
	at := Position{Source: m.Realm + "/openhands/" + table, Dry: m.Dry}
	if !m.Dry {
		var err error
		if at.After, err = m.To.Position(ctx, at.Source); err != nil {
			return err
		}
	}
	var rows int64
	for {
		n, err := take(&at)
		if err != nil {
			return fmt.Errorf("%s after %d rows: %w", table, rows, err)
		}
		if n == 0 {
			break
		}
		rows += int64(n)
		m.Progress(table, rows)
	}
	if m.Dry {
		return nil
	}
	return m.To.Done(ctx, at.Source)
}

func number(position string) (int64, error) {
	if position == "" {
		return -1 << 63, nil
	}
	n, err := strconv.ParseInt(position, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the stored position is no number: %w", err)
	}
	return n, nil
}
