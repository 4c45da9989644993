package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Of is the same knowledge in maps.
func Of(known tokenstate.Facts) Facts {
	f := NewFacts()
	for _, r := range known.StandingRows() {
		putIn(f.Standings, Subject{Scope(r.Subject.Scope), Authority(r.Subject.Authority)}, r.Node, Standing(r.Value))
	}
	for _, r := range known.LookRows() {
		putIn(f.Looks, Scope(r.Scope), r.Node, Look(r.Value))
	}
	for _, r := range known.SightingRows() {
		putIn(f.Sightings, SightingKey{Scope(r.ID.Seat), r.ID.Gone}, r.Node, Sighting(r.Value))
	}
	for _, r := range known.RefusalRows() {
		put(f.Refusals, RefusalKey{Scope(r.ID.Scope), r.ID.IssuedAt}, Refusal(r.Value))
	}
	for _, r := range known.CutoffRows() {
		putIn(f.Cutoffs, Scope(r.Scope), r.Cause, Cutoff(r.Value))
	}
	for _, r := range known.PardonRows() {
		put(f.Pardons, r.Cause, Pardoned(r.Value))
	}
	for _, r := range known.DoubtRows() {
		putIn(f.Doubts, DoubtKey{Doubt{Scope(r.ID.Doubt.Scope), r.ID.Doubt.Beneath}, r.ID.Settled}, r.Node, Raised(r.Value))
	}
	return f
}
