// Package doctor says what is wrong with an installation: what it breaks, and which command
// repairs it. It is pure; its caller has looked.
package doctor

import (
	"slices"
	"time"
)

// Seen is what was found. What could not be asked is in Unasked, with the reason.
type Seen struct {
	Now      time.Time // the database's time
	Overlap  time.Duration
	Skew     time.Duration
	Margin   time.Duration
	Worker   *time.Duration // how far our own clock is ahead of the database's; nil: we are no worker
	Realms   []Realm
	Admin    Realm // the administrators' realm, where the deletion of a realm is stored
	Nodes    []Node
	Resource string // why the nodes' read-only resource is not used; "": it is
	Version  string // Keycloak's, by its last message or its own answer; "" if neither tells
	NoGlobal bool   // that version knows no global listeners: a realm must list ours
	Missed   []Missed
	Stream   *Stream
	Rights   *Rights // in NATS; nil: not asked
	Logins   *Logins
	Sync     *bool // whether NATS has each acknowledged message on the disk; nil: not asked
	Database *Database
	// Unwritten is why the log was not written when it was last tried; "" if it was, or nobody has tried.
	Unwritten string
	Unasked   map[string]string
}

// Realm is how one realm keeps its events, and what our client may do there.
type Realm struct {
	Name         string
	Keycloak     time.Time // its time when it was asked
	Asked        time.Time // the database's time then
	UserEvents   bool
	Types        []string // that are saved; none: Keycloak's defaults
	UserExpiry   time.Duration
	AdminEvents  bool
	Details      bool // representations
	AdminExpiry  time.Duration
	Listeners    []string
	Heard        bool     // a listener has told of it lately
	Roles        []string // of our client
	NeverLooked  int      // owners of keys and tokens whom nobody has ever looked at
	OwnersInAll  int
	RefreshOnce  *bool    // each refresh token is good once; nil: not known
	SavedUnknown bool     // the settings could not be read
	StoreGone    int      // users of its stores whom looks over the admin API found gone since its last change, if none was found
	Removing     []string // user stores whose users Keycloak removes when it does not find them there
}

// Node is a Keycloak node that has been heard.
type Node struct {
	Name    string
	Heard   time.Time // by the log's clock
	Ahead   time.Duration
	Dropped int64
	Queued  int
	Leaving bool

	Instance string    // of its process; "": an older jar, which does not tell
	Clash    time.Time // when an earlier process under its name last spoke again; zero: never
	Resource int       // API version of its read-only resource; 0: none
}

// Missed is what the last reading of a realm's event store found. A node without the listener sends
// no heartbeat, and nobody misses it; its events are in the store all the same.
type Missed struct {
	Realm string
	Any   bool // what no listener had delivered
	Upto  time.Time
}

// Rights are what our NATS user may and may not publish. Lacking it needs; Beyond must not be its.
type Rights struct{ Lacking, Beyond []string }

// Logins are the users that NATS lets in with an empty password.
type Logins struct{ Open []string }

// Stream is how the log is kept.
type Stream struct {
	File, LimitsOnly, DiscardNew, DenyDelete, DenyPurge, AllowDirect bool
	MaxAge                                                           time.Duration
	Bounded                                                          bool // by number or size
	MaxMessage                                                       int32
	Subjects                                                         []string
	Duplicates                                                       time.Duration
	Replicas                                                         int
}

// Database is what our role in Postgres is.
type Database struct {
	Schema, Program int64
	Superuser       bool
	ReadsSecrets    bool
	Writes          bool
	Confirmed       bool
	Parked          int64
	OutboxAge       time.Duration
}

// Level of a finding.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Fault   Level = "fault"
)

// Finding is the outcome of one check.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Found  string `json:"found"`
	Breaks string `json:"breaks,omitempty"`
	Repair string `json:"repair,omitempty"`
}

// Examine makes all checks.
func Examine(s Seen) []Finding {
	var fs []Finding
	for name, why := range s.Unasked {
		fs = append(fs, Finding{name, Fault, why, "this could not be checked", "make it reachable with the settings of this command"})
	}
	slices.SortFunc(fs, func(a, b Finding) int { return compare(a.Check, b.Check) })
	fs = append(fs, nodes(s)...)
	fs = append(fs, reader(s)...)
	if s.Worker != nil {
		fs = append(fs, against("clock of the worker", *s.Worker, s, "ages in metrics are wrong, and while the database cannot be asked, young tokens are looked at at a wrong time"))
	}
	for _, m := range s.Missed {
		fs = append(fs, missed(m))
		if f, asked := unread(m, s); asked {
			fs = append(fs, f)
		}
	}
	for _, r := range s.Realms {
		fs = append(fs, realm(r, s)...)
		fs = append(fs, removing(r)...)
		fs = append(fs, emptied(r)...)
	}
	if s.Unasked["keycloak"] == "" {
		fs = append(fs, adminRealm(s.Admin, s.Overlap))
		if s.NoGlobal {
			fs = append(fs, listed(s.Admin))
		}
	}
	if s.Stream != nil {
		fs = append(fs, stream(*s.Stream)...)
	}
	if s.Rights != nil {
		fs = append(fs, rights(*s.Rights))
	}
	if s.Logins != nil {
		fs = append(fs, logins(*s.Logins))
	}
	if s.Unwritten != "" {
		fs = append(fs, Finding{
			"log, writing", Fault, "fails: " + s.Unwritten, "nothing that happens in Keycloak is told; listeners keep it until their queues are full",
			"make room on NATS's disk, then restart nats-server (docs/operations.md)",
		})
	}
	if s.Sync != nil {
		fs = append(fs, when(*s.Sync || replicated(s.Stream), Finding{
			"log, sync", Warning, "is not always", "a power failure loses what was acknowledged in the last two minutes; the backfill brings it back, if Keycloak's event store has it",
			"sync_interval: always, in the jetstream part of nats.conf; or three replicas: nats stream edit TOKENSTATE --replicas=3",
		}, "always, or several replicas hold each message"))
	}
	if s.Database != nil {
		fs = append(fs, database(*s.Database)...)
	}
	return fs
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Worst is the worst level of all.
func Worst(fs []Finding) Level {
	worst := OK
	for _, f := range fs {
		if f.Level == Fault || f.Level == Warning && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

// when gives the finding of a check that is simply true or false.
func when(good bool, bad Finding, fine string) Finding {
	if good {
		return Finding{Check: bad.Check, Level: OK, Found: fine}
	}
	return bad
}
