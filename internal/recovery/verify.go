package recovery

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Frozen is the database at one instant.
type Frozen interface {
	Facts(context.Context) (tokenstate.Facts, error)
	// Taught is what the journal teaches; whole is false if it was pruned.
	Taught(ctx context.Context, seen func(done, of int64)) (f tokenstate.Facts, whole bool, err error)
	// Rules are what tokens are judged by, and Now is the instant.
	Rules(context.Context) (r tokenstate.Rules, now tokenstate.Millis, err error)
	// Judged calls visit with each token and what the SQL view says of it: nothing, if the view lacks it.
	Judged(ctx context.Context, visit func(tokenstate.Token, journal.ViewRow)) error
	FeedHoles(context.Context) (int64, error)
	// ForgottenBefore is up to when may have been forgotten what nobody holds anything of. The journal forgets nothing.
	ForgottenBefore(context.Context) (tokenstate.Millis, error)
}

// Repair makes f the facts. detail says what was wrong.
type Repair func(ctx context.Context, f tokenstate.Facts, detail string) error

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

// Found says in one line how much was compared, and what was wrong.
func (r *Report) Found() string {
	compared := fmt.Sprintf("%d journal lines, %d facts and %d tokens were compared", r.Lines, r.Facts, r.Tokens)
	if r.Sound() {
		return compared + ", and they agree"
	}
	repaired := ""
	if r.Repaired {
		repaired = "; the facts are repaired"
	}
	return fmt.Sprintf("%s: %d facts missing, %d extra, %d different, %d tokens judged differently by the view, %d holes in the feed%s",
		compared, len(r.Missing), len(r.Extra), len(r.Different), len(r.View), r.FeedHoles, repaired)
}

// Left reports whether something is still not as it should be. A repair mends facts and feed; the view is the programs' own.
func (r *Report) Left() bool { return !r.Sound() && (!r.Repaired || len(r.View) > 0) }

// Verify holds the facts against the journal, the view against Judge, and the feed against its
// own numbering. With repair, which may be nil, it makes the facts what the journal teaches; the
// caller must then keep all writers away from z.
func Verify(ctx context.Context, z Frozen, repair Repair, seen func(done, of int64)) (Report, error) {
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
		taught.Add(held)
	}
	before, err := z.ForgottenBefore(ctx)
	if err != nil {
		return r, err
	}
	taught.ForgetLike(held, before)
	r.Missing, r.Extra, r.Different = compare(held, taught)
	r.Facts = held.Size()
	if err := r.view(ctx, z, held); err != nil {
		return r, err
	}
	if r.FeedHoles, err = z.FeedHoles(ctx); err != nil {
		return r, err
	}
	if repair == nil || r.Sound() {
		return r, nil
	}
	r.Repaired = true
	detail := fmt.Sprintf("%d facts missing, %d extra, %d different, %d holes in the feed", len(r.Missing), len(r.Extra), len(r.Different), r.FeedHoles)
	return r, repair(ctx, taught, detail)
}

// view compares by the facts that the tables hold, right or wrong: a wrong fact is told above.
func (r *Report) view(ctx context.Context, z Frozen, held tokenstate.Facts) error {
	rules, now, err := z.Rules(ctx)
	if err != nil {
		return err
	}
	return z.Judged(ctx, func(t tokenstate.Token, said journal.ViewRow) {
		r.Tokens++
		v := tokenstate.JudgeAt(t, held, rules, now)
		want := journal.ViewRow{State: v.State.String(), Reason: v.Reason, Since: v.Since, Event: v.Cause}
		if said != want {
			r.View = append(r.View, fmt.Sprintf("user %s, client %s, session %s: the view says %q %q, Judge %q %q",
				t.User, t.ClientID, t.Session, said.State, said.Reason, want.State, want.Reason))
		}
	})
}
