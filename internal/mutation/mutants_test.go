//go:build mutations

package mutation

// mutant is one rule taken out: in file, from becomes to.
type mutant struct {
	rule, file, from, to string
	truth                bool // the differential test must catch it as well
}

const core = "internal/tokenstate/"

// mutants follow design.md section 3 and keycloak.md J.
var mutants = []mutant{
	// Only events of the death class name a session.
	{"births name no session as ended", core + "learnlook.go", `if !deathClass[c.Type] || c.Session`, `if c.Session`, false},
	{"an incomplete roster proves no absence", core + "learnlook.go", `if ro.Complete && session && client`, `if session && client`, false},
	{"a cut-short roster is no coverage", core + "learnlook.go", `if ro.Complete && (s.User != "" || s.Session != "")`, `if s.User != "" || s.Session != ""`, false},
	{"REVOKE_GRANT ends one client of a session", core + "learnlook.go", `|| c.Type == "REVOKE_GRANT" && c.Client == ""`, ``, false},
	{"a named session that the look lists is not gone", core + "learnlook.go", `if !covers(o, c) || lists(o, c) {`, `if !covers(o, c) {`, false}, // false for a moment only: it is looked at again

	// gone(N) is dead up to N, and lifted by a later listing.
	{"gone reaches iat = N", core + "roster.go", `if t.IssuedAt <= g.Second &&`, `if t.IssuedAt < g.Second &&`, false},
	{"gone does not reach later tokens", core + "roster.go", `if t.IssuedAt <= g.Second && !listedAfter`, `if !listedAfter`, false},
	{"gone is lifted by a later listing", core + "roster.go", `if t.IssuedAt <= g.Second && !listedAfter(listed, node, g.At, r) {`, `if t.IssuedAt <= g.Second && node != "?" {`, false},
	{"a listing of another node must be later by the skew", core + "roster.go", `if r.surelyLater(n, l.At, at) || n == node && !nobody(n) && l.At > at {`, `if l.At > at && n != "?" {`, false},

	// Other absence counts late.
	{"the settling margin", core + "roster.go", `if t.IssuedAt.Millis() > look.At-r.Margin ||`, `if t.IssuedAt.Millis() > look.At ||`, true},
	{"plain absence kills", core + "roster.go", `cs = f.missing(t, listed, r)`, `cs = nil`, true},
	{"the same look's listing is no absence", core + "roster.go", `n == node && (l.At == at ||`, `n == node && (false ||`, false},
	{"a session that started later", core + "roster.go", `return append(cs, restarted(t, listed, r)...)`, `return cs`, true},
	{"started later: one second is forgiven", core + "roster.go", `t.IssuedAt+1 < l.Start`, `t.IssuedAt < l.Start`, false},
	{"a node's later listing with another start counts", core + "roster.go", `elsewhere || !t.startedBefore(l) {`, `(elsewhere && false) || !t.startedBefore(l) {`, false},
	{"a start that two nodes dispute is in doubt", core + "judge.go", ` || f.startDisputed(t, r)}`, `}`, false},
	{"and looked at again", core + "contested.go", "> 0, f.startDisputed(t, r)\n", "> 0, false\n", false},
	{"the greatest start counts", core + "roster.go", `if l.Start > last.Start ||`, `if last.Start == 0 ||`, false},

	// Not-before and standings.
	{"not-before spares its own second", core + "standing.go", `return t.issuedAt < s.NotBefore`, `return t.issuedAt <= s.NotBefore`, false},
	{"the user's not-before", core + "standing.go", `{before, Revoked, ReasonUserNotBefore},`, ``, true},
	{"the client's not-before", core + "standing.go", `{before, Suspended, ReasonClientNotBefore},`, ``, true},
	{"the realm's not-before", core + "standing.go", `{before, Suspended, ReasonRealmNotBefore},`, ``, true},
	{"a renamed client", core + "standing.go", `{renamed, Suspended, ReasonClientRenamed},`, ``, false},
	{"a disabled client", core + "standing.go", `{disabled, Suspended, ReasonClientDisabled},`, ``, true},
	{"a disabled user", core + "standing.go", `{disabled, Suspended, ReasonUserDisabled},`, ``, true},
	{"offline access withdrawn", core + "standing.go", `{noOffline, Suspended, ReasonOfflineAccess},`, ``, true},
	{"a disabled realm", core + "standing.go", `{disabled, Suspended, ReasonRealmDisabled},`, ``, false},
	{"a vanished user", core + "standing.go", `{gone, Suspended, ReasonUserDeleted},`, ``, false},
	{"the backend's authority", core + "standing.go", `	cs = append(cs, f.closuresBy(Backend, user, r, t.bearer(), userChecks)...)`, ``, false},
	{"open overrules closed only when surely later", core + "standing.go", `if !closed(s, t) || overruled(nodes, s, r, t, closed) {`, `if !closed(s, t) {`, false},

	// Final facts, and only from committed sources.
	{"final facts only from committed sources", core + "learnevent.go", `if trusted && m.Source.Committed() {`, `if trusted {`, false},
	{"final facts only from clocks near the log's", core + "learnevent.go", `if trusted && m.Source.Committed() {`, `if m.Source.Committed() {`, false},
	{"the cutoff of a revoked grant", core + "learnevent.go", `Cutoff{Before: n - 1, At: at`, `Cutoff{Before: 0, At: at`, false},
	{"it spares the second before", core + "learnevent.go", `Cutoff{Before: n - 1, At: at`, `Cutoff{Before: n + 1, At: at`, false},
	{"only an offline grant leaves a cutoff", core + "learnevent.go", `h.Details["refresh_token_type"] == "Offline" && h.Session`, `h.Session`, true},
	{"a cutoff spares what was issued later", core + "judge.go", `|| !c.Tokens || t.IssuedAt >= c.reaches(r) || !f`, `|| !c.Tokens || !f`, true},
	{"a pardon lifts a cutoff", core + "judge.go", `if f.pardoned(cause) || !c.Tokens`, `if !c.Tokens`, false},
	{"a cutoff of keys spares tokens", core + "judge.go", `f.pardoned(cause) || !c.Tokens || t.IssuedAt`, `f.pardoned(cause) || t.IssuedAt`, false},
	{"a deleted user's keys", core + "learnevent.go", "Cutoff{Before: n, At: at, Tokens: true, Keys: true, Reason: ReasonUserDeleted}", "Cutoff{Before: n, At: at, Tokens: true, Reason: ReasonUserDeleted}", false},
	{"a deleted realm's keys", core + "learnevent.go", "Cutoff{Before: n, At: at, Tokens: true, Keys: true, Reason: ReasonRealmDeleted}", "Cutoff{Before: n, At: at, Tokens: true, Reason: ReasonRealmDeleted}", false},
	{"not-before does not reach keys", core + "owner.go", `{gone, Revoked, ReasonUserDeleted}, {disabled,`, `{func(s Standing, _ bearer) bool { return s.NotBefore > 0 }, Revoked, ReasonUserNotBefore}, {gone, Revoked, ReasonUserDeleted}, {disabled,`, false},

	// Refusals.
	{"a refusal closes exactly its token", core + "judge.go", `k := RefusalKey{Scope{Realm: t.Realm, User: t.User, Client: as.Client, Session: t.Session, Key: as.Key}, t.IssuedAt}`, `k := RefusalKey{Scope{Realm: t.Realm, User: t.User, Client: as.Client, Session: t.Session, Key: as.Key}, 0}`, false},
	{"a refusal is of its client_id", core + "learnorder.go", `Session: o.Session, Key: o.ClientID}`, `Session: o.Session}`, false},
	{"a success lifts a refusal", core + "judge.go", `if !last.Refused {`, `if last.At == 0 {`, false},
	{"a refusal is an order's latest outcome", core + "judge.go", `if o := f.refusal(k); loses(last, o) {`, `if o := f.refusal(k); last.At == 0 {`, false},
	{"a refusal doubts its user", core + "learnorder.go", `if o.Refused {`, `if false {`, false},

	// Doubts.
	{"REFRESH_TOKEN_ERROR doubts", core + "learnevent.go", "case \"REFRESH_TOKEN_ERROR\",\n\t\t\"DELETE_ACCOUNT\"", "case \"DELETE_ACCOUNT\"", false},
	{"LOGOUT doubts", core + "learnevent.go", `"CODE_TO_TOKEN", "LOGOUT", "USER_SESSION_DELETED":`, `"CODE_TO_TOKEN", "USER_SESSION_DELETED":`, false},
	{"REVOKE_GRANT of an online token up to 26.0 doubts", core + "learnevent.go", `if online && scopedRevoke(m.Server) {`, `if online {`, false},
	{"REVOKE_GRANT of an online token since 26.1 does not", core + "learnevent.go", `if online && scopedRevoke(m.Server) {`, `if online && m.Server == "?" {`, false},
	{"logout-all doubts every roster beneath", core + "learnadmin.go", `if op == "UPDATE" || strings.HasSuffix(h.Path, "logout-all") {`, `if op == "UPDATE" {`, false},
	{"a realm's update doubts every roster beneath", core + "learnadmin.go", `if op == "UPDATE" || strings.HasSuffix(h.Path, "logout-all") {`, `if strings.HasSuffix(h.Path, "logout-all") {`, false},
	{"a client's update doubts every roster beneath", core + "learnevent.go", `return []Doubt{{Scope: s}, listingDoubt(s), consentDoubt(s)}`, `return []Doubt{{Scope: s}, consentDoubt(s)}`, false},
	{"late looks are looked at again", core + "learn.go", `if !trusted || late(m) || early(m) {`, `if !trusted || early(m) {`, false},
	{"looks from ahead are looked at again", core + "learn.go", `if !trusted || late(m) || early(m) {`, `if !trusted || late(m) {`, false},
	{"an event's cutoff spares the skew", core + "judge.go", `return c.Before - Seconds((r.Skew+999)/1000)`, `return c.Before`, false},
	{"an online session's end is nothing", core + "learnadmin.go", `if r := h.Representation; r != nil && r.Offline != nil && !*r.Offline {`, `if false {`, false},
	{"a doubt is dated by when it was told", core + "learnevent.go", `told, clock := max(at, m.Received), h.CommittedBy`, `told, clock := at, h.CommittedBy`, false},
	{"of a node's events the last committed is remembered", core + "learnevent.go", `return m.Node, by`, `return m.Node, told`, false},
	{"a commit far ahead counts from when it was told", core + "learnevent.go", ` || clock-m.Received > MaxAhead {`, ` {`, false},
	{"a look far ahead is only a doubt", core + "learn.go", "if trusted {\n\t\t\tlearnObservation(f, m, b, at)\n\t\t}", "learnObservation(f, m, b, at)", false},
	{"looks of a node are in the order in which it took them", core + "learn.go", `return m.At, true`, `return capped(m), true`, false},
	{"what is final counts no later than the log", core + "learnevent.go", `at := capped(m)`, `at := m.At`, false},
	{"an event told late stands by itself", core + "learnevent.go", `|| m.Received-clock > NearClock ||`, `||`, false},
	{"a doubt is settled only by what is surely later", core + "doubt.go", `return r.surelyLater(adminLook, looks.byAdmin+1, told) || r.surelyLater(someNode, looks.byNodes+1, told)`, `return looks.latest() >= told`, false},
	{"clocks may differ by a second", core + "doubt.go", `r.Skew = max(r.Skew, LeastSkew)`, ``, false},
	{"a look settles the events that it lists", core + "doubt.go", `if !settled.of(node).lists(raised.Event) && `, `if !settled.of(node).lists("?") && `, false},
	{"and no other event", core + "doubt.go", `!settled.of(node).lists(raised.Event) && `, `settled.of(node).At < raised.At && `, false},
	{"what may be stale cannot overrule", core + "rules.go", `		than += r.CacheLag`, ``, false},
	{"a token dies by its own exp", core + "expiry.go", `t.Expires > 0 && now`, `t.Expires < 0 && now`, false},
	{"an exp counts by the skew late", core + "expiry.go", `.Millis()+r.Skew`, `.Millis()`, false},
	{"nobody is asked about an expired token", core + "due.go", "	tokens = unexpired(tokens, r, now)\n", "", false},
	{"a token that a look missed too early is in doubt", core + "judge.go", ` || f.ripensAt(t, r) > 0`, ``, false},
	{"a listing speaks against an early look only if surely later", core + "due.go", `case seenSince(listed, node, l.At, r):`, `case len(listed) > 0 && node != "?":`, false},
	{"gone reaches the second of Keycloak's clock", core + "learnlook.go", `n := min(c.At, m.At).Second()`, `n := min(c.At, capped(m)).Second()`, false},
	{"looks over the admin API are nobody's", core + "standing.go", `return node == adminLook || node == closedAdminLook`, `return false`, false},

	// Due.
	{"what was too young is looked at again", core + "due.go", `|| f.tooYoung(t, r, now) ||`, `||`, false},
	{"an unseen subject is due", core + "due.go", `return looked == 0 ||`, `return false ||`, false},
	{"two nodes that disagree are looked at again", core + "due.go", " || f.contested(s, r)\n", "\n", false},
	{"a session that two nodes disagree about, too", core + "due.go", `|| f.tooYoung(t, r, now) || f.seatContested(t, r) {`, `|| f.tooYoung(t, r, now) {`, false},
	{"a closed subject is due sooner", core + "due.go", `return min(r.ClosedSweep, r.Sweep)`, `return r.Sweep`, false},

	// The verdict.
	{"the worst state wins", core + "verdict.go", `return c.state > o.state`, `return c.state < o.state`, false},
	{"then the earliest since", core + "verdict.go", `return c.since < o.since`, `return c.since > o.since`, false},
	{"ties: the cause", core + "verdict.go", `return c.cause < o.cause`, `return false`, false},

	// The join.
	{"the later fact wins", core + "list.go", `instead || loses((*l)[i].value, v)`, `instead || loses(v, (*l)[i].value)`, false},
	{"ties are total", core + "rank.go", `return r.Tie < o.Tie`, `return false`, false},
	{"numbers are compared as numbers", core + "rank.go", `strings.Repeat("0", max(0, 15-len(s)))`, `strings.Repeat("0", max(0, 0-len(s)))`, false},
}
