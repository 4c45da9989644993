package tokenstate

// WasThere says whether a realm that Keycloak does not know now is one that it once had: a look over
// its admin API has shown something living there, or the realm's deletion was told. If neither, the
// question went to another Keycloak, or by another name than the realm has, and the answer is no
// reason to stop anybody. It walks all that is known of the realm.
func (f Facts) WasThere(realm string) (was bool) {
	r := f.realm(realm)
	if r == nil {
		return false
	}
	for _, c := range r.sheet.cutoffs.at(spot{}).all() {
		was = was || c.Reason == ReasonRealmDeleted
	}
	was = was || r.sheet.livedByAdmin()
	for _, p := range r.clients {
		was = was || p.livedByAdmin()
	}
	look := func(_ string, p *sheet) { was = was || p.livedByAdmin() }
	if !was {
		r.users.each(f.names, look)
	}
	if !was {
		r.sessions.each(f.names, look)
	}
	return was
}

// livedByAdmin reports whether a look over the admin API has shown the subject, or something of it, living.
func (p *sheet) livedByAdmin() bool {
	for _, e := range p.standings {
		if nobody(e.node) && !e.value.Gone && authorityOf(e.spot) == Keycloak {
			return true
		}
	}
	for _, e := range p.sightings {
		if e.node == adminLook && e.spot.kind == 0 {
			return true
		}
	}
	return false
}
