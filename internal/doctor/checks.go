package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const setup = "revocation-worker setup"

// compared are the versions of Keycloak whose answers were compared with our verdicts, one of each
// minor version: docs/keycloak-versions.md.
var compared = []string{"26.0.8", "26.1.4", "26.2.5", "26.3.5", "26.4.7", "26.5.7", "26.6.4", "26.7.3"}

// sameMinor is the version compared that differs from v in the last number at most; "" if none.
func sameMinor(v string) string {
	i := slices.IndexFunc(compared, func(c string) bool { return strings.HasPrefix(v, c[:strings.LastIndex(c, ".")+1]) })
	if i < 0 {
		return ""
	}
	return compared[i]
}

// Types are the user events that must be saved. Two of them are not by default.
var Types = []string{
	"LOGIN", "CODE_TO_TOKEN", "LOGOUT", "REVOKE_GRANT", "USER_SESSION_DELETED", "REFRESH_TOKEN_ERROR", "DELETE_ACCOUNT",
	"USER_DISABLED_BY_PERMANENT_LOCKOUT", "UPDATE_CONSENT", "CLIENT_UPDATE", "CLIENT_DELETE",
}

// Roles are what the worker's client needs in a realm that it looks at.
var Roles = []string{"view-users", "view-clients", "view-realm", "view-events"}

func orNone(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

func realm(r Realm, s Seen) []Finding {
	repair := setup + " --realm " + r.Name
	name := func(what string) string { return "realm " + r.Name + ", " + what }
	if r.SavedUnknown {
		return []Finding{roles(r, Roles, repair)}
	}
	var lacking []string
	for _, t := range Types {
		if len(r.Types) > 0 && !slices.Contains(r.Types, t) || len(r.Types) == 0 && (t == "USER_SESSION_DELETED" || t == "REFRESH_TOKEN_ERROR") {
			lacking = append(lacking, t)
		}
	}
	const lost = "what no listener delivered cannot be found again"
	fs := []Finding{
		roles(r, Roles, repair),
		when(r.UserEvents, Finding{name("user events"), Fault, "are not saved", lost, repair}, "are saved"),
		when(len(lacking) == 0, Finding{name("types of user events"), Fault, "not saved: " + strings.Join(lacking, " "), lost, repair},
			"all that are needed"),
		when(longEnough(r.UserExpiry, s.Overlap), Finding{
			name("expiry of user events"), Fault, "is " + r.UserExpiry.String(),
			"an outage that lasts longer loses what was not delivered", repair,
		}, forEver(r.UserExpiry)),
		when(r.AdminEvents, Finding{name("admin events"), Fault, "are not saved", lost, repair}, "are saved"),
		when(r.Details, Finding{name("details of admin events"), Warning, "are not saved", "an online and an offline session that an admin ended look alike, so more is looked at", repair}, "are saved"),
		when(longEnough(r.AdminExpiry, s.Overlap), Finding{
			name("expiry of admin events"), Fault, "is " + r.AdminExpiry.String(),
			"an outage that lasts longer loses what was not delivered", repair,
		}, forEver(r.AdminExpiry)),
		{Check: name("refresh tokens"), Level: OK, Found: rotation(r.RefreshOnce)},
		against(name("clock"), r.Keycloak.Sub(r.Asked), s, "orders and looks are put in a wrong order, and young tokens whose session is gone are looked at at a wrong time"),
		when(r.NeverLooked == 0, Finding{
			name("owners"), Warning, fmt.Sprintf("%d of %d were never looked at", r.NeverLooked, r.OwnersInAll), "in strict mode their keys are 503",
			"wait for the worker's looks; if the number stays, see its log",
		}, fmt.Sprintf("all %d have been looked at", r.OwnersInAll)),
	}
	if f, asked := hears(r, s); asked {
		fs = append(fs, f)
	}
	return fs
}

// rotation is no fault: authapi refreshes each token once for all its replicas. A backend beside it does not.
func rotation(once *bool) string {
	switch {
	case once == nil:
		return orNone("")
	case *once:
		return "are good once: nobody but authapi may refresh a sealed one"
	}
	return "may be used again"
}

// longEnough: the store must outlast the overlap many times, or an outage of a night is too long.
func longEnough(expiry, overlap time.Duration) bool {
	return expiry == 0 || expiry >= max(24*time.Hour, 10*overlap)
}

func forEver(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return "after " + d.String()
}

// roles also says what our client may do beyond need: a stolen secret would.
func roles(r Realm, needed []string, repair string) Finding {
	var lacking, beyond []string
	for _, n := range needed {
		if !slices.Contains(r.Roles, n) {
			lacking = append(lacking, n)
		}
	}
	for _, has := range r.Roles {
		if !slices.Contains(needed, has) && !strings.HasPrefix(has, "query-") { // which come with the view roles
			beyond = append(beyond, has)
		}
	}
	f := Finding{Check: "realm " + r.Name + ", the worker's roles", Level: OK, Found: strings.Join(needed, " ")}
	switch {
	case len(lacking) > 0:
		f.Level, f.Found, f.Breaks, f.Repair = Fault, "lacking: "+strings.Join(lacking, " "), "looks and backfill are refused", repair
	case len(beyond) > 0:
		f.Level, f.Found, f.Breaks = Warning, "beyond need: "+strings.Join(beyond, " "),
			"whoever steals the worker's secret may do more than look"
		f.Repair = "take them from the service account of WORKER_KEYCLOAK_CLIENT_ID"
	}
	return f
}

func adminRealm(r Realm, overlap time.Duration) Finding {
	f := roles(r, []string{"view-events"}, setup)
	if f.Level != Fault && !r.AdminEvents {
		return Finding{"realm " + r.Name + ", admin events", Warning, "are not saved", "the deletion of a realm, if no listener delivers it, is found by looks only", setup}
	}
	if f.Level != Fault && !longEnough(r.AdminExpiry, overlap) {
		return Finding{
			"realm " + r.Name + ", expiry of admin events", Fault, "is " + r.AdminExpiry.String(),
			"an outage that lasts longer loses the deletion of a realm", setup,
		}
	}
	return f
}

// replicated: what one server loses in a power failure, the others have.
func replicated(s *Stream) bool { return s != nil && s.Replicas >= 3 }

func stream(s Stream) []Finding {
	const repair = "revocation-worker setup, with the operator's NATS_URL"
	is := func(good bool, what, breaks string) Finding {
		return when(good, Finding{"log, " + what, Fault, "is not as it must be", breaks, repair}, "as it must be")
	}
	return []Finding{
		is(s.File, "storage in files", "a restart of NATS forgets the log"),
		is(s.LimitsOnly, "retention by limits", "messages vanish before they are read, and no replay is possible"),
		is(s.DiscardNew && !s.Bounded, "no bound that drops messages", "unread messages are dropped when the bound is reached"),
		when(s.MaxAge == 0 || s.MaxAge >= 30*24*time.Hour, Finding{
			"log, age", Fault, "is " + s.MaxAge.String(), "messages expire before a restore could need them", "nats stream edit TOKENSTATE --max-age=0s: setup leaves the age to you",
		}, "as it must be"),
		{Check: "log, replicas", Level: OK, Found: fmt.Sprintf("are %d", s.Replicas)},
		is(s.DenyDelete && s.DenyPurge, "deny of delete and purge", "whoever may use JetStream can remove a revocation"),
		is(s.AllowDirect, "direct reading", "the worker cannot compare the message at its floor"),
		is(s.MaxMessage >= 64<<10 || s.MaxMessage < 0, "size of messages", "large looks are refused"),
		is(s.Duplicates >= 2*time.Minute, "window of duplicates", "a message that is sent again after a fault is kept twice"),
		is(slices.Equal(s.Subjects, []string{"tokenstate.v1.>"}), "subjects", "messages are not stored, or foreign ones are"),
	}
}

func database(d Database) []Finding {
	return []Finding{
		when(d.Schema >= d.Program, Finding{
			"schema", Fault, fmt.Sprintf("is at %d, this program needs %d", d.Schema, d.Program),
			"the programs fail", "revocation-worker migrate up",
		}, fmt.Sprintf("is at %d", d.Schema)),
		when(d.Writes, Finding{
			"database role, rights", Fault, "cannot write what the worker writes", "nothing is learnt",
			"GRANT tokenstate_worker TO the worker's user",
		}, "of a worker"),
		when(!d.Superuser && !d.ReadsSecrets, Finding{"database role, least rights", Warning, "may read ciphertexts or everything", "whoever steals the worker's password may, too", "let the worker connect as a user that is only in tokenstate_worker"}, "no more than a worker's"),
		when(d.Confirmed, Finding{"epoch", Fault, "no worker has read the log to its end since the database was made or restored", "authapi is not ready", "start a worker, see its log"}, "is confirmed"),
		when(d.Parked == 0, Finding{
			"parked messages", Fault, fmt.Sprintf("%d could not be read", d.Parked), "what they say is not known",
			"revocation-worker parked list",
		}, "none"),
		when(d.OutboxAge < 5*time.Minute, Finding{
			"outbox", Warning, "the oldest order waits for " + d.OutboxAge.Round(time.Second).String(),
			"it acts, but a restored backup would forget it", "is a worker active, and NATS there?",
		}, "is empty, or young"),
	}
}
