//go:build mutations

package mutation

func init() { mutants = append(mutants, telling...) }

const told = "internal/notice/"

// telling are the rules of what people are told, and of its delivery.
var telling = []mutant{
	{"a login is needed once", told + "login.go", `return n, !told && helps[v.Reason]`, `return n, helps[v.Reason]`, false},
	{"nobody is asked to log in where that does not help", told + "login.go", `return n, !told && helps[v.Reason]`, `return n, !told`, false},
	{"a closed user is not asked to log in", told + "login.go", `case !owner.Active:`, `case false:`, false},
	{"an owner in doubt is waited for", told + "login.go", `InDoubt: v.InDoubt || owner.InDoubt`, `InDoubt: v.InDoubt`, false},
	{"a refusal counts when it is worth trying again", told + "login.go", `n.Type, n.Cause, n.NotBefore = LoginNeeded, cmp.Or(v.Cause, place(b.Token)), v.RetryAt`, `n.Type, n.Cause = LoginNeeded, cmp.Or(v.Cause, place(b.Token))`, false},
	{"one cause that comes back has another id", told + "notice.go", `n.Cause, n.Last.ID}`, `n.Cause}`, false},
	{"what is in doubt is not told", told + "settle.go", ` && !n.InDoubt {`, ` {`, false},
	{"what may yet change is not told", told + "settle.go", `if now-w.from >= s.Wait && `, `if `, false},
	{"another change begins the time anew", told + "settle.go", `if !known || w.what != n.Type {`, `if !known {`, false},
	{"a key made for an hour is not told to end", told + "key.go", `if k.Expires-now > ahead || k.Expires-k.Created <= ahead {`, `if k.Expires-now > ahead {`, false},
	{"a key's end is told at each step once", told + "key.go", `return n, n.Cause != last.Cause`, `return n, true`, false},
	{"an endpoint gets what it wants", told + "delivery.go", `among(e.Clients, n.Subject.Client)`, `true`, false},
	{"a receiver can check who sends", told + "webhook/post.go", `req.Header.Set("Webhook-Signature", signatures(r.secrets, id, at, body))`, ``, false},
	{"only 2xx is a delivery", told + "webhook/post.go", `case answer.StatusCode/100 != 2:`, `case false:`, false},
	{"a receiver who is gone is told apart", told + "webhook/post.go", `return ErrGone`, `return errors.New("status 410")`, false},
	{"another worker's notices are learnt", works + "teller.go", `case errors.Is(err, notice.ErrOvertaken):` + "\n\t\t\tt.told = nil", `case errors.Is(err, notice.ErrOvertaken):`, false},
	{"nothing is told before the log is read", works + "teller.go", `if ok, _ := t.Known.Ready(); !ok {`, `if false {`, false},
	{"a login's end is told once", told + "ending.go", `return n, b.Ends-lastEnd(b.Token, last) > Soon`, `return n, true`, false},
	{"that it works again is told first", told + "ending.go", ` && last.Type != LoginNeeded`, ``, false},
	{"who comes every day is not told", "internal/tokenstate/lifetime.go", `if s.Life < longLife {`, `if s.Life < 0 {`, false},
	{"what was used since does not end", "internal/tokenstate/lifetime.go", `listed && o.outcome(t).At <= last.At {`, `listed {`, false},
	{"nothing is told of half a state", works + "teller.go", `if !whole {`, `if !whole && false {`, false},
	{"an attempt is made by one", works + "courier.go", `if err != nil || !taken {`, `if err != nil || !taken && false {`, false},
	{"a delivery is parked in the end", works + "courier.go", ` || d.Attempts+1 >= notice.Attempts`, ``, false},
	{"a redirect of a configured address is not followed", "internal/outbound/client.go", `return http.ErrUseLastResponse`, `return nil`, false},
	{"an address is checked as it is dialled", "internal/outbound/client.go", `return may.dial(addr)`, `return nil`, false},
}
