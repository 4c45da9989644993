package recovery

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Frozen is the database at one instant.
type Frozen interface {
	Facts(context.Context) (tokenstate.Facts, error)
	// Taught is what the journal teaches; whole is false if it was pruned.
	Taught(ctx context.Context, seen func(done, of int64)) (f tokenstate.Facts, whole bool, err error)
	// View is what the SQL view says, and of which instant.
	View(context.Context) ([]ViewRow, tokenstate.Millis, error)
	Tokens(context.Context) ([]tokenstate.Token, tokenstate.Rules, error)
	FeedHoles(context.Context) (int64, error)
	Replace(ctx context.Context, f tokenstate.Facts, detail string) error
}

// ViewRow is the SQL view's answer about one token.
type ViewRow struct {
	Token  tokenstate.Token
	State  string
	Reason string
	Since  tokenstate.Millis
	Event  string
}

// Report says in which way the database contradicts itself; the zero value: in none.
type Report struct {
	Lines     int64    `json:"journal_lines"`
	Facts     int      `json:"facts"`
	Tokens    int      `json:"tokens"`
	Missing   []string `json:"missing_facts"`   // the journal teaches them, the tables lack them
	Extra     []string `json:"extra_facts"`     // the journal knows nothing of them
	Different []string `json:"different_facts"` // as they should be, and as they are
	View      []string `json:"view"`            // tokens of which the view and Judge say different things
	FeedHoles int64    `json:"feed_holes"`
	Pruned    bool     `json:"journal_pruned"` // Extra and Different then say less: the tables may know more
	Repaired  bool     `json:"repaired"`
}

// Sound reports whether nothing was found.
func (r *Report) Sound() bool {
	return len(r.Missing)+len(r.Extra)+len(r.Different)+len(r.View) == 0 && r.FeedHoles == 0
}

// Verify holds the facts against the journal, the view against Judge, and the feed against its
// own numbering. With repair it makes the facts what the journal teaches; the caller must then
// keep all writers away from z.
func Verify(ctx context.Context, z Frozen, repair bool, seen func(done, of int64)) (Report, error) {
	var r Report
	taught, whole, err := z.Taught(ctx, func(done, of int64) { r.Lines = done; seen(done, of) })
	if err != nil {
		return r, err
	}
	held, err := z.Facts(ctx)
	if err != nil {
		return r, err
	}
	if r.Pruned = !whole; r.Pruned {
		taught = tokenstate.Join(taught, held)
	}
	r.Missing, r.Extra, r.Different = compare(held, taught)
	r.Facts = len(held.Rows())
	if err := r.view(ctx, z, held); err != nil {
		return r, err
	}
	if r.FeedHoles, err = z.FeedHoles(ctx); err != nil {
		return r, err
	}
	if !repair || r.Sound() {
		return r, nil
	}
	r.Repaired = true
	detail := fmt.Sprintf("%d facts missing, %d extra, %d different, %d holes in the feed", len(r.Missing), len(r.Extra), len(r.Different), r.FeedHoles)
	return r, z.Replace(ctx, taught, detail)
}

// view compares by the facts that the tables hold, right or wrong: a wrong fact is told above.
func (r *Report) view(ctx context.Context, z Frozen, held tokenstate.Facts) error {
	tokens, rules, err := z.Tokens(ctx)
	if err != nil {
		return err
	}
	rows, at, err := z.View(ctx)
	if err != nil {
		return err
	}
	r.Tokens = len(tokens)
	said := make(map[tokenstate.Token]ViewRow, len(rows))
	for _, row := range rows {
		said[row.Token] = row
	}
	for _, t := range tokens {
		v := tokenstate.JudgeAt(t, held, rules, at)
		t.Client, t.Expires, t.Issuer = "", 0, ""
		want := ViewRow{t, v.State.String(), v.Reason, v.Since, v.Cause}
		if got := said[t]; got != want {
			r.View = append(r.View, fmt.Sprintf("user %s, client %s, session %s: the view says %q %q, Judge %q %q",
				t.User, t.ClientID, t.Session, got.State, got.Reason, want.State, want.Reason))
		}
	}
	return nil
}
