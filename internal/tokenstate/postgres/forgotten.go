package postgres

import (
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// KindForgotten names a scope of which nothing is known any more, but for what the same version, or a later one, names of it.
const KindForgotten = "forgotten"

func forgottenName(parts ...string) Name {
	key, err := json.Marshal(parts)
	if err != nil {
		panic("texts are always JSON: " + err.Error())
	}
	return Name{KindForgotten, string(key)}
}

// forgotten are the scopes of which nothing is known any more but what is there.
func (ns names) forgotten() (all []Change, err error) {
	for _, key := range ns[KindForgotten] {
		s, err := scopeNamed(key)
		if err != nil {
			return nil, err
		}
		all = append(all, Change{Name{KindForgotten, key}, s})
	}
	return all, nil
}

// scopeNamed is what a key begins with.
func scopeNamed(key string) (tokenstate.Scope, error) {
	columns, err := keyColumns([]string{key}, scopeParts-1)
	if err != nil {
		return tokenstate.Scope{}, err
	}
	var parts [scopeParts - 1]string
	for i, c := range columns {
		parts[i] = c.([]string)[0] // keyColumns gives nothing else
	}
	return scope(parts[0], parts[1], parts[2], parts[3], ""), nil
}

// lost is how many of the facts with these keys are of scopes that have not been forgotten.
func (ns names) lost(keys []string) (n int, err error) {
	scopes, err := ns.forgotten()
	if err != nil {
		return 0, err
	}
	gone := map[tokenstate.Scope]bool{}
	for _, c := range scopes {
		gone[c.Value.(tokenstate.Scope)] = true // forgotten gives nothing else
	}
	for _, key := range keys {
		s, err := scopeNamed(key)
		if err != nil {
			return 0, err
		}
		if !gone[s] {
			n++
		}
	}
	return n, nil
}
