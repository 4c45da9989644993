package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Of is the same knowledge in maps.
func Of(known tokenstate.Facts) Facts {
	f := Facts{
		Standings: map[Subject]PerNode[Standing]{}, Looks: map[Scope]PerNode[Look]{},
		Sightings: map[SightingKey]PerNode[Sighting]{}, Refusals: map[RefusalKey]Refusal{},
		Cutoffs: map[Scope]map[string]Cutoff{}, Pardons: map[string]Pardoned{},
		Doubts: map[DoubtKey]PerNode[Raised]{},
	}
	for _, r := range known.StandingRows() {
		putIn(f.Standings, r.Subject, r.Node, r.Value)
	}
	for _, r := range known.LookRows() {
		putIn(f.Looks, r.Scope, r.Node, r.Value)
	}
	for _, r := range known.SightingRows() {
		putIn(f.Sightings, r.ID, r.Node, r.Value)
	}
	for _, r := range known.RefusalRows() {
		f.Refusals[r.ID] = r.Value
	}
	for _, r := range known.CutoffRows() {
		putIn(f.Cutoffs, r.Scope, r.Cause, r.Value)
	}
	for _, r := range known.PardonRows() {
		f.Pardons[r.Cause] = r.Value
	}
	for _, r := range known.DoubtRows() {
		putIn(f.Doubts, r.ID, r.Node, r.Value)
	}
	return f
}

func putIn[K comparable, M ~map[string]V, V any](to map[K]M, k K, n string, v V) {
	if to[k] == nil {
		to[k] = M{}
	}
	to[k][n] = v
}
