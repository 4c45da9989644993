package apikey

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var (
	good  = Record{ID: "k", Realm: "demo", User: "u", Kind: KindUser, Created: 100}
	alive = tokenstate.Ownership{Active: true, Known: true, CheckedAt: 990_000}
)

// Ensure each rule gives its reason, at its exact second.
func TestAdmit(t *testing.T) {
	t.Parallel()
	rec := func(f func(*Record)) Record { r := good; f(&r); return r }
	own := func(f func(*tokenstate.Ownership)) tokenstate.Ownership { o := alive; f(&o); return o }
	closed := func(reason string) tokenstate.Ownership {
		return own(func(o *tokenstate.Ownership) { o.Active, o.Reason, o.Since, o.Cause = false, reason, 7, "c" })
	}
	cutoff := func(s tokenstate.Seconds, reason string) tokenstate.Ownership {
		return own(func(o *tokenstate.Ownership) { o.KeysBefore, o.KeysReason, o.KeysCause = s, reason, "c" })
	}
	never := own(func(o *tokenstate.Ownership) { o.Known, o.CheckedAt = false, 0 })
	doubtful := own(func(o *tokenstate.Ownership) { o.InDoubt = true })
	ok, best := Decision{Active: true}, BestEffort()
	undecidable := Decision{Reason: ReasonUndecidable, Since: 990_000}
	for name, c := range map[string]struct {
		rec    Record
		owner  tokenstate.Ownership
		cut    bool
		policy Policy
		want   Decision
	}{
		"good":                {good, alive, false, best, ok},
		"no record":           {Record{}, alive, false, best, Decision{Reason: ReasonUnknown}},
		"revoked":             {rec(func(r *Record) { r.RevokedAt, r.RevokedBy = 5, "o" }), alive, false, best, Decision{false, ReasonRevoked, 5000, "o"}},
		"cut":                 {good, alive, true, best, Decision{Reason: ReasonRevoked}},
		"expires now":         {rec(func(r *Record) { r.Expires = 1000 }), alive, false, best, Decision{Reason: ReasonExpired, Since: 1_000_000}},
		"expires next":        {rec(func(r *Record) { r.Expires = 1001 }), alive, false, best, ok},
		"valid next":          {rec(func(r *Record) { r.NotBefore = 1001 }), alive, false, best, Decision{Reason: ReasonNotYetValid}},
		"valid now":           {rec(func(r *Record) { r.NotBefore = 1000 }), alive, false, best, ok},
		"no member":           {rec(func(r *Record) { r.NotMember = true }), alive, false, best, Decision{Reason: ReasonNotAMember}},
		"user disabled":       {good, closed(tokenstate.ReasonUserDisabled), false, best, Decision{false, ReasonUserDisabled, 7, "c"}},
		"user deleted":        {good, closed(tokenstate.ReasonUserDeleted), false, best, Decision{false, ReasonUserDeleted, 7, "c"}},
		"realm disabled":      {good, closed(tokenstate.ReasonRealmDisabled), false, best, Decision{false, ReasonRealmDisabled, 7, "c"}},
		"realm deleted":       {good, closed(tokenstate.ReasonRealmDeleted), false, best, Decision{false, ReasonRealmDisabled, 7, "c"}},
		"cut off":             {good, cutoff(101, tokenstate.ReasonOrder), false, best, Decision{false, ReasonRevoked, 101_000, "c"}},
		"cut off, deleted":    {good, cutoff(101, tokenstate.ReasonUserDeleted), false, best, Decision{false, ReasonUserDeleted, 101_000, "c"}},
		"made that second":    {good, cutoff(100, tokenstate.ReasonOrder), false, best, ok},
		"no owner worked out": {good, tokenstate.Ownership{}, false, best, Decision{Reason: ReasonUndecidable}},
		"no policy":           {good, alive, false, Policy{}, undecidable},
		"never looked at":     {good, never, false, best, ok},
		"strict, never":       {good, never, false, Strict(60, 1_000_000), Decision{Reason: ReasonUndecidable}},
		"strict, at bound":    {good, alive, false, Strict(10, 0), ok},
		"strict, past bound":  {good, alive, false, Strict(9, 0), undecidable},
		"strict, well heard":  {good, alive, false, Strict(9, 995_000), ok},
		"strict, in doubt":    {good, doubtful, false, Strict(9, 995_000), undecidable},
		"strict, closed, old": {good, closed(tokenstate.ReasonUserDisabled), false, Strict(1, 0), Decision{false, ReasonUserDisabled, 7, "c"}},
	} {
		if got := Admit(c.rec, c.owner, c.cut, 1000, c.policy); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// Ensure an admitted key has nothing against it, a refused one a reason of the contract, and
// strict never admits what best effort refuses.
func TestAdmit_Laws(t *testing.T) {
	t.Parallel()
	contract := []string{
		"unknown", "expired", "not_yet_valid", "revoked", "user_disabled", "user_deleted",
		"realm_disabled", "not_a_member", "undecidable",
	}
	second := rapid.Int64Range(0, 4)
	rapid.Check(t, func(t *rapid.T) {
		sec := func(n string) tokenstate.Seconds { return tokenstate.Seconds(second.Draw(t, n)) }
		flag := func(n string) bool { return rapid.Bool().Draw(t, n) }
		reasons := rapid.SampledFrom([]string{"", "user_disabled", "realm_deleted", "revoked_by_order", "odd"})
		r := Record{
			ID: rapid.SampledFrom([]string{"", "k"}).Draw(t, "id"), Realm: "demo", User: "u", Created: sec("created"),
			Expires: sec("expires"), NotBefore: sec("nbf"), RevokedAt: sec("revoked"), NotMember: flag("member"),
		}
		o := tokenstate.Ownership{
			Active: flag("active"), Reason: reasons.Draw(t, "reason"), Known: flag("known"), InDoubt: flag("doubt"),
			KeysBefore: sec("before"), KeysReason: reasons.Draw(t, "keys"), CheckedAt: sec("checked").Millis(),
		}
		cut, now := flag("cut"), sec("now")
		best := Admit(r, o, cut, now, BestEffort())
		clean := r.ID != "" && r.RevokedAt == 0 && !cut && r.Created >= o.KeysBefore && o.Active &&
			(r.Expires == 0 || now < r.Expires) && now >= r.NotBefore && !r.NotMember
		hard := Admit(r, o, cut, now, Strict(sec("age"), sec("until").Millis()))
		if best.Active != clean || hard.Active && (!clean || !o.Known) {
			t.Fatalf("clean %v, best effort %+v, strict %+v", clean, best, hard)
		}
		for _, d := range []Decision{best, hard} {
			if d.Active != (d.Reason == "") || !d.Active && !slices.Contains(contract, d.Reason) {
				t.Fatalf("%+v", d)
			}
		}
	})
}
