package projection

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// builder makes a state of a snapshot as it is shown. Nobody is answered from it before it is whole.
type builder struct {
	st     *state
	tokens int
	keys   int
}

func newBuilder() *builder { return &builder{st: newState()} }

// Begin implements Taker.
func (b *builder) Begin(version int64, nonce string) { b.st.version, b.st.nonce = version, nonce }

// Fact implements Taker.
func (b *builder) Fact(r tokenstate.Row) { r.SetIn(b.st.facts) }

// Token implements Taker.
func (b *builder) Token(t Token) {
	b.st.putToken(t)
	b.tokens++
}

// Key implements Taker.
func (b *builder) Key(k apikey.Record) {
	b.st.putKey(k)
	b.keys++
}

// ServiceKey implements Taker.
func (b *builder) ServiceKey(k ServiceKey) { b.st.services[k.Name] = k }

// Member implements Taker.
func (b *builder) Member(m apikey.Member) { b.st.members[m] = true }
