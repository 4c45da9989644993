package sim

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// same compares without reflection, which would take most of a history's time.
func same(a, b tokenstate.Facts) bool {
	return nested(a.Standings, b.Standings) && nested(a.Looks, b.Looks) && nested(a.Sightings, b.Sightings) &&
		flat(a.Refusals, b.Refusals) && nested(a.Cutoffs, b.Cutoffs) && flat(a.Pardons, b.Pardons) && nested(a.Doubts, b.Doubts)
}

func flat[K, V comparable, M ~map[K]V](a, b M) bool {
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return len(a) == len(b)
}

func nested[K, N, V comparable, M ~map[N]V](a, b map[K]M) bool {
	for k, v := range a {
		if !flat[N, V](v, b[k]) {
			return false
		}
	}
	return len(a) == len(b)
}
