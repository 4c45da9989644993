//go:build mutations

package mutation

func init() { mutants = append(mutants, reading...) }

const reads = "internal/events/stream/"

// reading are the rules of the log over JetStream.
var reading = []mutant{
	{"a skipped sequence is a gap", reads + "reader.go", `if meta.Sequence.Stream != r.next {`, `if false {`, false},
	{"a stall is noticed", reads + "reader.go", `return info.Last >= r.next, nil`, `return false, nil`, false},
	{"a log made anew is noticed while it is read", reads + "reader.go", `if !info.Created.Equal(r.created) || `, `if `, false},
	{"a message that is sent again has its id", reads + "publish.go", `nats.Header{nats.MsgIdHdr: {m.ID}}`, `nats.Header{}`, false},
	{"a message goes to the log or nowhere", reads + "publish.go", `jetstream.WithExpectStream(Name)`, `jetstream.WithRetryAttempts(0)`, false},
	{"an address without a password is refused", reads + "open.go", `given && password == ""`, `given && password == "x"`, false},
}
