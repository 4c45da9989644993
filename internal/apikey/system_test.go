package apikey

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a system key is stable, whole, and shared by no two different inputs.
func TestDerive(t *testing.T) {
	t.Parallel()
	// Few short texts, so that fields which only differ in where they are cut do come up.
	text := rapid.StringMatching(`[a|:]{0,3}`)
	system := rapid.Custom(func(t *rapid.T) System {
		return System{
			text.Draw(t, "realm"), text.Draw(t, "user"), text.Draw(t, "org"), text.Draw(t, "name"),
			rapid.Uint64Range(0, 2).Draw(t, "generation"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := system.Draw(t, "a"), system.Draw(t, "b")
		m, n := secret.New(rapid.SampledFrom([]string{"m1", "m2"}).Draw(t, "m")), secret.New("m1")
		x, y := Derive(m, a), Derive(n, b)
		same := a == b && m.Equal(n)
		if same != x.text.Equal(y.text) || same != (x.ID == y.ID) {
			t.Fatalf("%v and %v: ids %s and %s", a, b, x.ID, y.ID)
		}
		if p, err := Parse(x.text.Reveal()); err != nil || p.ID != x.ID {
			t.Fatalf("a derived key does not parse: %v", err)
		}
	})
}

// Ensure keys made before the format was frozen still verify: this value must never change.
func TestDerive_Frozen(t *testing.T) {
	t.Parallel()
	const want = "tokst_0FiVUzmOEv_ZuaBdRMFR1wmFLyxgZGe0mDqJQpHzDA1GtJzNNoXC0R4VYrjC" // worked out by other means
	got := Derive(secret.New("master"), System{"demo", "u", "o", "n", 1}).text.Reveal()
	if got != want {
		t.Fatalf("got %s", got)
	}
}

func TestNextGeneration(t *testing.T) {
	t.Parallel()
	live := Record{ID: "k", Generation: 3, Created: 100}
	revoked := live
	revoked.RevokedAt = 1
	before := func(s tokenstate.Seconds) tokenstate.Ownership { return tokenstate.Ownership{KeysBefore: s} }
	for name, c := range map[string]struct {
		rec   Record
		owner tokenstate.Ownership
		cut   bool
		want  uint64
	}{
		"live":                      {live, before(0), false, 3},
		"cutoff before it":          {live, before(99), false, 3},
		"cutoff in its second":      {live, before(100), false, 3},
		"cutoff after it":           {live, before(101), false, 4},
		"cut itself":                {live, before(0), true, 4},
		"revoked":                   {revoked, before(0), false, 4},
		"a disabled owner, no more": {live, tokenstate.Ownership{Reason: tokenstate.ReasonUserDisabled}, false, 3},
	} {
		if got := NextGeneration(c.rec, c.owner, c.cut); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestPeppers_Matches(t *testing.T) {
	t.Parallel()
	ps := Peppers{{"new", secret.New("n")}, {"old", secret.New("o")}}
	p, other := Format(Entropy{}), Format(Entropy{Secret: [32]byte{1}})
	legacy, err := Parse("sk-oh-abc")
	if err != nil {
		t.Fatal(err)
	}
	stored := func(pepper Pepper, p Presented) Record {
		return Record{ID: "k", PepperID: pepper.ID, Digest: Digest(pepper, p)}
	}
	for _, pepper := range ps {
		if !ps.Matches(stored(pepper, p), p) || !ps.Matches(stored(pepper, legacy), legacy) {
			t.Errorf("pepper %s: the right key does not match", pepper.ID)
		}
		if ps.Matches(stored(pepper, p), other) || ps.Matches(stored(pepper, p), Presented{}) {
			t.Errorf("pepper %s: another key matches", pepper.ID)
		}
	}
	// The dummy's digest must open nothing, even to somebody who stored it.
	dummy := Record{ID: "k", Digest: Digest(Pepper{}, p)}
	retired := stored(Pepper{"gone", secret.New("g")}, p)
	nobody := stored(ps[0], p)
	nobody.ID = ""
	for _, rec := range []Record{{}, dummy, retired, nobody} {
		if ps.Matches(rec, p) {
			t.Errorf("record %q of pepper %q matches", rec.ID, rec.PepperID)
		}
	}
}
