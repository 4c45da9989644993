package projection

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// errOther: the version at which we stand is another one there.
var errOther = errors.New("the feed has another history: the database was restored")

// Source is where the state lies.
type Source interface {
	// Snapshot shows everything at one version. What was shown before an error is no snapshot.
	Snapshot(context.Context, Taker) error
	Status(context.Context) (Status, error)
	// News is the status, and what has come since a version.
	News(ctx context.Context, after int64) (News, error)
	// Wait returns when something beyond a version may have been written, or after the poll interval. It may let much come
	// together, unless hurry gives something.
	Wait(ctx context.Context, known int64, hurry <-chan struct{}) error
	FindKey(ctx context.Context, id string) (apikey.Record, bool, error)
	// FindLegacy finds keys in another format than ours, by their digests.
	FindLegacy(ctx context.Context, digests []apikey.Sum) ([]apikey.Record, error)
}

// News is of one state of the database.
type News struct {
	Status Status
	Was    string  // the nonce of the reader's own version, which has none at version 0
	Now    Version // where the database stands, and all that has changed since the reader's version, as it is now
	// Gap is why that is not known: the feed was pruned, has a gap, ends before, or names what this program does not know. A snapshot
	// is to be loaded then.
	Gap error
	// Standby says that a standby has told it, which had all of what the database had at AsOf; zero: since when it has not is not known.
	Standby bool
	AsOf    time.Time
}

// Token is a stored or tracked offline token.
type Token struct {
	Token    tokenstate.Token `json:"Token"`
	Custody  string           `json:"Custody"`  // sealed, or tracked by its backend
	Verified bool             `json:"Verified"` // Keycloak has said that it is what it says
	Scope    string           `json:"Scope"`    // what it may do, separated by blanks; "": not known
}

// ServiceKey is a backend's credential.
type ServiceKey struct {
	Name     string     `json:"Name"`
	Realm    string     `json:"Realm"`
	Digest   apikey.Sum `json:"Digest"`
	PepperID string     `json:"PepperID"`
	Scopes   []string   `json:"Scopes"`
	Orgs     []string   `json:"Orgs"` // none: all
}

// Version is what transactions changed. Nonce tells two histories apart.
type Version struct {
	Version int64
	Nonce   string
	Changes []Change
}

// Change is one of its five members, the removal of a token, service key or membership, or a scope of which nothing is known any
// more.
type Change struct {
	Fact       tokenstate.Row
	Token      *Token
	Key        *apikey.Record
	ServiceKey *ServiceKey
	Member     *apikey.Member

	RemovedToken      *Place
	RemovedServiceKey string
	RemovedMember     *apikey.Member
	Forgotten         *tokenstate.Scope
}

// Place is where a stored token lies: one for each client of a session.
type Place struct{ Realm, Session, ClientID string }

func placeOf(t tokenstate.Token) Place { return Place{t.Realm, t.Session, t.ClientID} }

// Status is what a reader must know beside the feed.
type Status struct {
	Epoch     int64             `json:"Epoch"`
	History   string            `json:"History"`   // another one after whatever can lose what was committed
	Confirmed bool              `json:"Confirmed"` // a worker has caught up with the log in this epoch and history
	Beats     []hearing.Beat    `json:"Beats"`
	Backfills []hearing.Reading `json:"Backfills"`
	Rules     tokenstate.Rules  `json:"Rules"`

	Now tokenstate.Millis `json:"Now"` // the database's time, when it said all that; 0: not known
}

func (s Status) knownUntil() events.Millis {
	return hearing.Until(s.Beats, s.Backfills, s.Rules.Skew)
}

// Options of a projection.
type Options struct {
	Retry     time.Duration // pause after a fault; 0: a quarter of a second, growing to 5 s
	LoadLimit time.Duration // for the next part of a snapshot to come; 0: a minute
	Installed func(Change)  // is told of each change that answers now reflect; nil for nobody

	// Remembered is told of facts that we know and the database has lost. It must not wait. nil for nobody.
	Remembered func([]tokenstate.Row)

	Loaded func() // is told when answers reflect a new snapshot; nil for nobody

	// MaxStale is how long answers are given without a word of the database; 0: for ever.
	MaxStale  time.Duration
	Keeper    Keeper        // holds a snapshot for a start without the database; nil for none
	KeepEvery time.Duration // at most so often; 0: every 5 s
}
