package recovery

import (
	"context"
	"testing"

	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// frozen is a database of fixed content.
type frozen struct {
	held, taught tokenstate.Facts
	whole        bool
	tokens       []tokenstate.Token
	view         []journal.ViewRow
	holes        int64
	forgotten    tokenstate.Millis
	replaced     *tokenstate.Facts
}

func (z *frozen) Facts(context.Context) (tokenstate.Facts, error) { return z.held, nil }

func (z *frozen) Taught(_ context.Context, seen func(done, of int64)) (tokenstate.Facts, bool, error) {
	seen(1, 1)
	return z.taught, z.whole, nil
}

func (z *frozen) Rules(context.Context) (tokenstate.Rules, tokenstate.Millis, error) {
	return tokenstate.DefaultRules(), 1000, nil
}

func (z *frozen) Judged(_ context.Context, visit func(tokenstate.Token, journal.ViewRow)) error {
	for i, t := range z.tokens {
		said := journal.ViewRow{}
		if i < len(z.view) {
			said = z.view[i]
		}
		visit(t, said)
	}
	return nil
}

func (z *frozen) FeedHoles(context.Context) (int64, error) { return z.holes, nil }

func (z *frozen) ForgottenBefore(context.Context) (tokenstate.Millis, error) { return z.forgotten, nil }

func (z *frozen) Replace(_ context.Context, f tokenstate.Facts, _ string) error {
	z.replaced = &f
	return nil
}

func looks(at ...tokenstate.Millis) tokenstate.Facts {
	f := tokenstate.NewFacts()
	for _, ms := range at {
		scope := tokenstate.Scope{Realm: "demo", User: string(rune('a' + ms))}
		tokenstate.LookRow{Scope: scope, Value: tokenstate.Look{At: ms}}.SetIn(f)
	}
	return f
}

// Ensure each way in which a database contradicts itself is found, is repaired only for whoever asks, and a
// pruned journal, which knows less, contradicts nothing by what it lacks.
func TestVerify(t *testing.T) {
	token := tokenstate.Token{Realm: "demo", User: "u", Client: "c", ClientID: "app", Session: "s", IssuedAt: 1}
	judged := tokenstate.Judge(token, looks(1), tokenstate.DefaultRules())
	right := journal.ViewRow{State: judged.State.String(), Reason: judged.Reason, Since: judged.Since, Event: judged.Cause}
	wrong := right
	wrong.State = "revoked"
	for name, c := range map[string]struct {
		db    frozen
		sound bool
	}{
		"as the journal teaches":          {frozen{held: looks(1), taught: looks(1), whole: true}, true},
		"a fact is missing":               {frozen{held: looks(1), taught: looks(1, 2), whole: true}, false},
		"forgotten, for nobody holds it":  {frozen{held: looks(1), taught: looks(1, 2), whole: true, forgotten: 3}, true},
		"missing, and newer than that":    {frozen{held: looks(1), taught: looks(1, 2), whole: true, forgotten: 2}, false},
		"a fact that nothing has taught":  {frozen{held: looks(1, 2), taught: looks(1), whole: true}, false},
		"the same, of a pruned journal":   {frozen{held: looks(1, 2), taught: looks(1)}, true},
		"missing, of a pruned journal":    {frozen{held: looks(1), taught: looks(1, 2)}, false},
		"the view says the same as Judge": {frozen{held: looks(1), taught: looks(1), whole: true, tokens: []tokenstate.Token{token}, view: []journal.ViewRow{right}}, true},
		"the view says otherwise":         {frozen{held: looks(1), taught: looks(1), whole: true, tokens: []tokenstate.Token{token}, view: []journal.ViewRow{wrong}}, false},
		"the view lacks a token":          {frozen{held: looks(1), taught: looks(1), whole: true, tokens: []tokenstate.Token{token}}, false},
		"a hole in the feed":              {frozen{held: looks(1), taught: looks(1), whole: true, holes: 1}, false},
	} {
		db := c.db
		r, err := Verify(t.Context(), &db, nil, func(int64, int64) {})
		if err != nil || r.Sound() != c.sound || r.Repaired || db.replaced != nil {
			t.Errorf("%s: sound %v, repaired %v, %+v, %v", name, r.Sound(), r.Repaired, r, err)
		}
		r, err = Verify(t.Context(), &db, db.Replace, func(int64, int64) {})
		if err != nil || r.Repaired == c.sound || (db.replaced == nil) != c.sound {
			t.Errorf("%s, with repair: repaired %v, %v", name, r.Repaired, err)
		}
	}
}
