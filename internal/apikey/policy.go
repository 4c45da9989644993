package apikey

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Policy says what to do where too little is known of the owner. The zero value admits nobody.
type Policy struct {
	mode       mode
	maxAge     tokenstate.Seconds
	knownUntil tokenstate.Millis
}

type mode int

const (
	_ mode = iota
	bestEffort
	strict
)

// BestEffort admits a key as long as nothing is known against its owner.
func BestEffort() Policy { return Policy{mode: bestEffort} }

// Strict admits a key only if its owner was looked at, and what is known is at most maxAge
// seconds old. knownUntil is the time up to which Keycloak is known completely (design.md 6),
// 0 if there is none: then only the last look at the owner counts.
func Strict(maxAge tokenstate.Seconds, knownUntil tokenstate.Millis) Policy {
	return Policy{strict, maxAge, knownUntil}
}

// allows: an owner in doubt is known as of the last look only, since hearing of everything is
// not yet having settled it.
func (p Policy) allows(o tokenstate.Ownership, now tokenstate.Seconds) bool {
	switch p.mode {
	case bestEffort:
		return true
	case strict:
		known := o.CheckedAt
		if !o.InDoubt {
			known = max(known, p.knownUntil)
		}
		return o.Known && known >= (now-p.maxAge).Millis()
	default:
		return false
	}
}
