//go:build mutations

package mutation

func init() { mutants = append(mutants, keeping...) }

const keeps = "internal/tokenstate/postgres/"

// keeping are the rules of the store that no constraint of the tables holds.
var keeping = []mutant{
	{"the floor moves from where the batch began", keeps + "store.go", "\tif n == 0 {\n\t\treturn journal.ErrNotActive", "\tif n < 0 {\n\t\treturn journal.ErrNotActive", false},
	{"a pruned feed leads nowhere", keeps + "news.go", `case max(after-1, 0) < head.Pruned:`, `case false:`, false},
	{"a feed behind its reader is another history", keeps + "news.go", `case after > head.Head:`, `case false:`, false},
	{"a version that is missing is a gap", keeps + "news.go", `if *r.Version != next {`, `if next < 0 {`, false},
	{"versions that are missing at the end are a gap", keeps + "news.go", `if n.Version != head.Head {`, `if n.Version > head.Head {`, false},
	{"what the feed names and is not there is gone, or unknown", keeps + "readings.go", `if len(found) == len(keys) {`, `if len(found) <= len(keys) {`, false},
	{"who is no stranger is not forgotten", keeps + "forget.go", `r.UserID != "" && !f.stranger(`, `false && !f.stranger(`, false},
	{"what was learnt meanwhile is not forgotten", keeps + "forget.go", `known > 0 {`, `known < 0 {`, false},
	{"nor what was made new meanwhile", keeps + "forget.go", `rows[0].NewestMs >= before {`, `rows[0].NewestMs < 0 {`, false},
	{"what is named and was forgotten is no fault", keeps + "forgotten.go", `!gone[s] {`, `_ = s; true {`, false},
	{"a fact that is lost is one", keeps + "forgotten.go", `n++`, `n += 0`, false},
	{"who holds a membership is not forgotten", "internal/dbsqlc/forget.sql.go", `m.user_id = p.user_id)`, `m.user_id = p.user_id AND false)`, false},
	{"who is closed is not forgotten", "internal/dbsqlc/forget.sql.go", `OR f.gone OR f.disabled`, `OR f.gone`, false},
	{"what is new is not forgotten", "internal/dbsqlc/forget.sql.go", `(p.realm, p.user_id, p.client, p.session) AND f.at_ms >= $8)
        AND NOT EXISTS (SELECT FROM tokenstate.fact_sighting`, `(p.realm, p.user_id, p.client, p.session) AND false)
        AND NOT EXISTS (SELECT FROM tokenstate.fact_sighting`, false},
	{"an erasure spares what came later", keeps + "erase.go", `UntilMs: arrived + clocksApart`, `UntilMs: math.MaxInt64`, false},
	{"an erasure spares later lines", keeps + "erase.go", `if r.ReceivedMs > until {`, `if false {`, false},
	{"an erasure spares lines that only look alike", keeps + "erase.go", `if !concerns(r, m, []string{u.User}) {`, `if false {`, false},
	{"a line that only looks alike is nobody's", keeps + "recover.go", `if concerns(r, m, names) {`, `if true {`, false},
	{"an older line is found by a whole name", keeps + "lines.go", `slices.Concat(names, tags(names))`, `tags(names)`, false},
	{"who lost the lease stops", keeps + "lease.go", `case errors.Is(err, errLeaseLost):`, `case errors.Is(err, errLeaseLost) && false:`, false},
	{"a lease that cannot be renewed ends", keeps + "lease.go", `context.WithDeadline(ctx, l.asked.Add(l.term-l.margin))`, `context.WithDeadline(ctx, time.Now().Add(time.Hour))`, false},
	{"a frozen transaction is ended", keeps + "bounds.go", `b.Idle.Milliseconds()`, `0`, false},
	{"a text in a statement is found by an index", keeps + "tokens.go", " COLLATE \"default\"`", "`", false},
	{"nobody waits for a lock for ever", keeps + "bounds.go", `b.Lock.Milliseconds()`, `0`, false},
	{"an access token that is nearly over is not reused", keeps + "turns.go", ` || left < minValid`, ``, false},
	{"nor one that is too old for who asks", keeps + "turns.go", ` || age > maxAge`, ``, false},
}
