//go:build mutations

package mutation

func init() { mutants = append(mutants, hearing...) }

const hears = "internal/hearing/"

// hearing are the rules by which the age of what is known is reckoned.
var hearing = []mutant{
	{"a rise of dropped is a loss", hears + "beat.go", `return n.Dropped > b.Dropped`, `return false`, false},
	{"a crash is a loss", hears + "beat.go", `return crashed || n.Dropped > 0`, `return crashed && n.Dropped > 0`, false},
	{"what a new process dropped is a loss", hears + "beat.go", `return crashed || n.Dropped > 0`, `return crashed`, false},
	{"a good end is none", hears + "beat.go", `(!b.Leaving || b.Queued > 0)`, `true`, false},
	{"an end with a rest is one", hears + "beat.go", `(!b.Leaving || b.Queued > 0)`, `!b.Leaving`, false},
	{"an older jar is believed", hears + "beat.go", `case n.Instance == "" || b.Instance == "" && b.Received != 0:`, `case n.Instance == "?":`, false},
	{"a loss begins at what had been delivered", hears + "beat.go", `Span{b.Delivered(), n.Received}`, `Span{b.Received, n.Received}`, false},
	{"two losses are one span", hears + "beat.go", `return Span{min(s.From, o.From), max(s.To, o.To)}`, `return o`, false},
	{"a loss that was read is over", hears + "beat.go", "if n.Lost.over(read) {\n\t\tn.Lost = Span{}", "if false {\n\t\tn.Lost = Span{}", false},
	{"a heartbeat that comes again says nothing", hears + "beat.go", `if n.Received <= b.Received {`, `if false {`, false},
	{"two processes in turn are told", hears + "beat.go", `n.Clash = n.Received`, `n.Clash = b.Clash`, false},
	{"restarts are no clash", hears + "beat.go", `if slices.Contains(b.Earlier, n.Instance) {`, `if true {`, false},
	{"a loss holds knowledge", hears + "until.go", `if b.Lost.To > 0 && !b.Lost.over(read) {`, `if false {`, false},
	{"a reading beyond it lifts that", hears + "until.go", `if b.Lost.To > 0 && !b.Lost.over(read) {`, `if b.Lost.To > 0 {`, false},
	{"silence does not make up for a loss", hears + "until.go", `for _, b := range beats {
		if b.Lost.To`, `for _, b := range Counting(beats) {
		if b.Lost.To`, false},
	{"clocks of nodes may differ", hears + "until.go", `r.Known-skew`, `r.Known`, false},
	{"the overlap is no ignorance", hears + "until.go", `max(r.Upto, r.Known-skew)`, `r.Upto`, false},
	{"young rows are left to their listener", "internal/backfill/backfill.go", `r.now-events.Millis(b.Grace.Milliseconds())), // younger`, `r.now), // younger`, false},
	{"the slowest realm counts", hears + "until.go", `i == 0 || upto < read`, `i == 0 || upto > read`, false},
}
