package tokenstate

// WasThere says whether a realm that Keycloak does not know now is one that it once had: a look over
// its admin API has shown something living there, or the realm's deletion was told. If neither, the
// question went to another Keycloak, or by another name than the realm has, and the answer is no
// reason to stop anybody.
func (f Facts) WasThere(realm string) bool {
	for _, c := range f.Cutoffs[Scope{Realm: realm}] {
		if c.Reason == ReasonRealmDeleted {
			return true
		}
	}
	for s, nodes := range f.Standings {
		for node, seen := range nodes {
			if nobody(node) && !seen.Gone && s.Scope.Realm == realm && s.Authority == Keycloak {
				return true
			}
		}
	}
	for k, nodes := range f.Sightings {
		if _, admin := nodes[""]; admin && k.Seat.Realm == realm && !k.Gone {
			return true
		}
	}
	return false
}
