package tokenstate

// Each kind of fact is written in one way: joined, or (instead) set in the place of what is there.

func (f Facts) putStanding(s Subject, node string, v Standing, instead bool) {
	f.change(s.Scope, func(p *sheet) { p.standings.write(s.spot(), node, v, instead) })
}

func (f Facts) putLook(s Scope, node string, v Look, instead bool) {
	f.change(s, func(p *sheet) { p.looks.write(s.spot(0), node, v, instead) })
}

func (f Facts) putSighting(k SightingKey, node string, v Sighting, instead bool) {
	f.change(k.Seat, func(p *sheet) { p.sightings.write(k.spot(), node, v, instead) })
}

func (f Facts) putRefusal(k RefusalKey, v Refusal, instead bool) {
	f.change(k.Scope, func(p *sheet) { p.refusals.write(k.spot(), "", v, instead) })
}

func (f Facts) putCutoff(s Scope, cause string, v Cutoff, instead bool) {
	f.change(s, func(p *sheet) { p.cutoffs.write(s.spot(0), cause, v, instead) })
}

func (f Facts) putPardon(cause string, v Pardoned, instead bool) {
	if old, ok := f.pardons[cause]; !ok || instead || loses(old, v) {
		f.pardons[cause] = v
	}
}

func (f Facts) putDoubt(k DoubtKey, node string, v Raised, instead bool) {
	f.change(k.Doubt.Scope, func(p *sheet) { p.doubts.write(k.spot(), node, v, instead) })
}
