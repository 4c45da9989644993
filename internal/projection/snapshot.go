package projection

import (
	"reflect"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Taker is shown a snapshot, piece by piece, so that it stands nowhere as a whole but in what is made of it: first which
// version it is, then all facts, then what is held here. A fact is a pointer to a row, which is good until Fact returns.
type Taker interface {
	Begin(version int64, nonce string)
	Fact(tokenstate.Row)
	Token(Token)
	Key(apikey.Record)
	ServiceKey(ServiceKey)
	Member(apikey.Member)
}

// Snapshot is everything at one version, for who needs it as a whole. It is a Taker.
type Snapshot struct {
	Version     int64
	Nonce       string
	Facts       tokenstate.Facts
	Tokens      []Token
	Keys        []apikey.Record
	ServiceKeys []ServiceKey
	Members     []apikey.Member
}

// Begin implements Taker.
func (s *Snapshot) Begin(version int64, nonce string) {
	*s = Snapshot{Version: version, Nonce: nonce, Facts: tokenstate.NewFacts()}
}

// Fact implements Taker.
func (s *Snapshot) Fact(r tokenstate.Row) { r.SetIn(s.Facts) }

// Token implements Taker.
func (s *Snapshot) Token(t Token) { s.Tokens = append(s.Tokens, t) }

// Key implements Taker.
func (s *Snapshot) Key(k apikey.Record) { s.Keys = append(s.Keys, k) }

// ServiceKey implements Taker.
func (s *Snapshot) ServiceKey(k ServiceKey) { s.ServiceKeys = append(s.ServiceKeys, k) }

// Member implements Taker.
func (s *Snapshot) Member(m apikey.Member) { s.Members = append(s.Members, m) }

// Show gives all of it to another one.
func (s *Snapshot) Show(to Taker) {
	to.Begin(s.Version, s.Nonce)
	ShowFacts(s.Facts, to)
	for _, t := range s.Tokens {
		to.Token(t)
	}
	for _, k := range s.Keys {
		to.Key(k)
	}
	for _, k := range s.ServiceKeys {
		to.ServiceKey(k)
	}
	for _, m := range s.Members {
		to.Member(m)
	}
}

// ShowFacts gives facts to a Taker.
func ShowFacts(f tokenstate.Facts, to Taker) {
	for _, r := range f.Rows() {
		p := reflect.New(reflect.TypeOf(r))
		p.Elem().Set(reflect.ValueOf(r))
		to.Fact(p.Interface().(tokenstate.Row)) // a pointer to a row is one, too
	}
}
