package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// silent is how long a node may say nothing: two heartbeats of the listener's default.
	silent = 40 * time.Second
	// forgotten is how long a silent node counts while others speak, as it does for knowledge age.
	forgotten = 10 * time.Minute
	// unreadFor is longer than any pause between two readings of an event store.
	unreadFor = 2 * time.Hour
)

func nodes(s Seen) (fs []Finding) {
	if len(s.Nodes) == 0 {
		return []Finding{{
			"listener", Fault, "no Keycloak node has ever been heard", "revocations are learnt only from the event store and by looks, minutes late",
			"put the jar of `make listener` into Keycloak's providers folder, set its NATS options, restart Keycloak",
		}}
	}
	var counting []Node
	latest := slices.MaxFunc(s.Nodes, func(a, b Node) int { return a.Heard.Compare(b.Heard) }).Heard
	for _, n := range s.Nodes {
		if n.Leaving && n.Queued == 0 || latest.Sub(n.Heard) > forgotten {
			continue
		}
		age := s.Now.Sub(n.Heard).Round(time.Second)
		fs = append(fs,
			when(age < silent, Finding{
				"listener of " + n.Name, Fault, fmt.Sprintf("silent for %s", age), "its revocations are learnt only from the event store and by looks",
				"see Keycloak's log for io.tokenstate.listener; is NATS reachable from that node? A node that is gone for good is forgotten after ten minutes",
			}, fmt.Sprintf("heard %s ago", age)),
			when(n.Dropped == 0, Finding{
				"listener of " + n.Name + ", queue", Warning, fmt.Sprintf("%d messages were dropped since it started", n.Dropped),
				"the backfill brings them, later",
				"was NATS away for long? Give the listener a larger queue",
			}, fmt.Sprintf("%d queued, none dropped", n.Queued)),
			nodeClock(n, s.Skew))
		fs = append(fs, nodeName(n, s.Now)...)
		counting = append(counting, n)
	}
	fs = append(fs, resources(counting)...)
	fs = append(fs, when(sameMinor(s.Version) != "", Finding{
		"keycloak's version", Warning, "is " + orNone(s.Version), "what an action kills differs between versions; ours was compared with " + strings.Join(compared, ", "),
		"run `make truth KEYCLOAK_VERSION=…` for yours, or upgrade",
	}, s.Version+"; compared with "+sameMinor(s.Version)))
	return fs
}

func missed(m Missed) Finding {
	return when(!m.Any, Finding{
		"realm " + m.Realm + ", listener on every node", Fault, "the event store held what no listener had delivered", "a node without the listener, or one that lost its queue: its revocations are late, and knowledge is as old as the last backfill",
		"put the listener's jar on every Keycloak node and restart it; the finding goes with the first reading of the store that finds nothing new",
	}, "all that the event store held had been delivered")
}

// unread: rows go from the store by age, whether anybody has read them or not.
func unread(m Missed, s Seen) (f Finding, asked bool) {
	all := append([]Realm{s.Admin}, s.Realms...)
	i := slices.IndexFunc(all, func(r Realm) bool { return r.Name == m.Realm })
	if i < 0 { // nothing is held of it any more, so nobody reads it
		return f, false
	}
	age := s.Now.Sub(m.Upto).Round(time.Second)
	f = Finding{Check: "realm " + m.Realm + ", reading of its event store", Level: OK, Found: fmt.Sprintf("is read up to %s ago", age)}
	if age <= max(unreadFor, 3*s.Overlap) {
		return f, true
	}
	f.Level, f.Breaks, f.Repair = Warning, "what no listener delivered is not known", "is a worker active? See its log"
	if r := all[i]; r.UserExpiry > 0 && age > r.UserExpiry || r.AdminExpiry > 0 && age > r.AdminExpiry {
		f.Level, f.Breaks = Fault, "rows have expired unread: with the next reading everybody is put in doubt and looked at"
	}
	return f, true
}

// Listener is the name under which a realm lists our listener.
const Listener = "tokenstate"

// listed: Keycloak 26.0 tells events only to the listeners that the realm lists.
func listed(r Realm) Finding {
	return when(slices.Contains(r.Listeners, Listener), Finding{
		"realm " + r.Name + ", listener", Fault, "does not list " + Listener, "the listener hears nothing of this realm, and sends no heartbeat",
		"put the jar into Keycloak's providers folder, then " + setup,
	}, "is listed")
}

// hears: since 26.1 the listener is global unless its option says otherwise, which nothing shows but
// that the realm is never heard of. A realm in which nothing happens looks the same.
func hears(r Realm, s Seen) (f Finding, asked bool) {
	switch {
	case s.NoGlobal:
		return listed(r), true
	case len(s.Nodes) == 0: // which says it all
		return f, false
	}
	return when(r.Heard || slices.Contains(r.Listeners, Listener), Finding{
		"realm " + r.Name + ", listener", Warning, "no listener has told of this realm yet", "if that stays so, its revocations are learnt only from the event store and by looks",
		"log in with offline_access once and ask again; if it stays, the listener's options `global` or `realms` leave this realm out",
	}, "is heard of"), true
}

// rights are what nats.conf gives us.
func rights(r Rights) Finding {
	f := Finding{Check: "log, permissions", Level: OK, Found: "as in deploy/nats.conf"}
	switch {
	case len(r.Lacking) > 0:
		f.Level, f.Found, f.Breaks = Fault, "may not publish "+strings.Join(r.Lacking, " "), "what we have to say does not reach the log"
	case len(r.Beyond) > 0:
		f.Level, f.Found, f.Breaks = Warning, "may publish "+strings.Join(r.Beyond, " "), "whoever steals our NATS password may say what only others may"
	default:
		return f
	}
	f.Repair = "give this NATS user the permissions of deploy/nats.conf"
	return f
}

// logins: nats.conf takes each password from the environment, and one that is set to nothing is one
// that everybody knows.
func logins(l Logins) Finding {
	return when(len(l.Open) == 0, Finding{
		"log, passwords", Fault, "NATS lets in with an empty password: " + strings.Join(l.Open, " "),
		"whoever reaches NATS may say what they may, such as that a user is enabled or a realm is gone",
		"set the passwords that nats.conf takes from the environment (NATS_LISTENER_PASSWORD, NATS_WORKER_PASSWORD, NATS_OPERATOR_PASSWORD), and restart NATS",
	}, "are not empty")
}
