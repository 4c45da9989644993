package openhands

import (
	"errors"
	"time"
)

// ErrOtherUser says that the token inside the row of one user is another's by its own word.
var ErrOtherUser = errors.New("token_of_another_user")

// ErrNarrower says that the token that is stored in its place has scopes which this one lacks, and what it was stored for would fail.
var ErrNarrower = errors.New("narrower_token")

// Report is what an import did, or in a dry run would do.
type Report struct {
	DryRun  bool   `json:"dry_run"`
	Keys    Tally  `json:"api_keys"`
	Tokens  Tally  `json:"offline_tokens"`
	Missing int    `json:"missing"` // keys that were taken over once and are gone from OpenHands
	Revoked int    `json:"revoked"` // of the missing
	Skipped []Skip `json:"skipped"` // the first of them

	Disabled    int `json:"disabled_users"` // whom OpenHands refuses
	DisabledNow int `json:"disabled_now"`   // of them: who was not disabled here yet
}

// Tally counts rows. What is neither added, changed nor skipped was here already.
type Tally struct {
	Read      int `json:"read"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	PerSecond int `json:"per_second"`
}

// Skip is a row that stays where it is. Reason is an error's text: no value of the row.
type Skip struct {
	Table  string `json:"table"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

const maxSkips = 100

func (r *Report) skip(t *Tally, table, id string, err error) {
	t.Skipped++
	if len(r.Skipped) < maxSkips {
		r.Skipped = append(r.Skipped, Skip{table, id, err.Error()})
	}
}

func (t *Tally) timed(began time.Time) {
	t.PerSecond = int(float64(t.Read) / max(time.Since(began).Seconds(), 1e-3))
}

func (t *Tally) count(read, taken int, out Outcome) {
	t.Read += read
	t.Added += out.Added
	t.Changed += out.Changed
	t.Unchanged += taken - out.Added - out.Changed - len(out.Refused)
}

// Differs says that the two databases do not agree: in a dry run that something would be done,
// else that something could not be.
func (r *Report) Differs() bool {
	left := r.Keys.Skipped + r.Tokens.Skipped + r.Missing - r.Revoked
	if r.DryRun {
		left += r.Keys.Added + r.Keys.Changed + r.Tokens.Added + r.Tokens.Changed + r.DisabledNow
	}
	return left > 0
}
