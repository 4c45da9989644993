package tokenstate_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/mapmodel"
)

// anyToken is one that histories speak of, now and then by another name, or by no UUID.
func anyToken(t *rapid.T) tokenstate.Token {
	client := clients.Draw(t, "client")
	tok := tokenstate.Token{
		Realm: "demo", User: users.Draw(t, "user"), Client: client, ClientID: names[client], Session: sessions.Draw(t, "session"),
		IssuedAt: tokenstate.Seconds(rapid.Int64Range(98, 104).Draw(t, "iat")),
	}
	if rapid.Bool().Draw(t, "unbound") {
		tok.Client = ""
	}
	return tok
}

// Ensure whatever is known, sheets and maps say the same of every token and owner, and of who is due.
func TestSheetsSayWhatMapsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fold(rapid.SliceOfN(rapid.Custom(anyMessage), 0, 14).Draw(t, "messages"))
		r := tokenstate.DefaultRules()
		r.Skew = tokenstate.Millis(rapid.SampledFrom([]int64{0, 500, 5000}).Draw(t, "skew"))
		r.Margin = tokenstate.Millis(rapid.SampledFrom([]int64{0, 1000, 10_000}).Draw(t, "margin"))
		r.CacheLag = tokenstate.Millis(rapid.SampledFrom([]int64{0, 1000}).Draw(t, "lag"))
		agree(t, f, rapid.SliceOfN(rapid.Custom(anyToken), 1, 4).Draw(t, "tokens"), r)
	})
}

func agree(t *rapid.T, f tokenstate.Facts, tokens []tokenstate.Token, r tokenstate.Rules) {
	maps := mapmodel.Of(f)
	same := func(what string, sheets, model any) {
		if a, b := fmt.Sprintf("%+v", sheets), fmt.Sprintf("%+v", model); a != b {
			t.Fatalf("%s:\nsheets %s\nmaps  %s", what, a, b)
		}
	}
	const now = 110_000
	for _, tok := range tokens {
		same("Judge", tokenstate.Judge(tok, f, r), mapmodel.Judge(tok, maps, r))
		same("OwnerOf", f.OwnerOf(tok), maps.OwnerOf(tok))
		same("RipensAt", tokenstate.RipensAt([]tokenstate.Token{tok}, f, r, now), mapmodel.RipensAt([]tokenstate.Token{tok}, maps, r, now))
	}
	var owners []tokenstate.Scope
	for _, user := range []string{"u1", "u2"} {
		owner := tokenstate.Scope{Realm: "demo", User: user}
		owners = append(owners, owner)
		same("Owner", tokenstate.Owner("demo", user, f, r), mapmodel.Owner("demo", user, maps, r))
		same("StoreOf", f.StoreOf("demo", user), maps.StoreOf("demo", user))
		page := tokenstate.PageUser{Enabled: true, OfflineAccess: true}
		tell, ask := tokenstate.PageTells(owner, page, f, r, now)
		modelTell, modelAsk := mapmodel.PageTells(owner, page, maps, r, now)
		same("PageTells", []bool{tell, ask}, []bool{modelTell, modelAsk})
	}
	for _, at := range []tokenstate.Millis{101_000, now, 110_000 + r.Sweep} {
		same("Due", tokenstate.Due(tokens, owners, f, r, at), mapmodel.Due(tokens, owners, maps, r, at))
	}
	same("SeenSince", tokenstate.SeenSince(owners[0], tokens[:1], f, r, 102_000), mapmodel.SeenSince(owners[0], tokens[:1], maps, r, 102_000))
}
