package mapmodel

import (
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The types of what is known, asked and answered are tokenstate's own: the model differs in where facts lie and how they
// are found.
type (
	Millis      = events.Millis
	Seconds     = events.Seconds
	Scope       = tokenstate.Scope
	Subject     = tokenstate.Subject
	Standing    = tokenstate.Standing
	Look        = tokenstate.Look
	Sighting    = tokenstate.Sighting
	SightingKey = tokenstate.SightingKey
	Refusal     = tokenstate.Refusal
	RefusalKey  = tokenstate.RefusalKey
	Cutoff      = tokenstate.Cutoff
	Pardoned    = tokenstate.Pardoned
	Doubt       = tokenstate.Doubt
	DoubtKey    = tokenstate.DoubtKey
	Raised      = tokenstate.Raised
	Token       = tokenstate.Token
	Rules       = tokenstate.Rules
	Verdict     = tokenstate.Verdict
	Ownership   = tokenstate.Ownership
	Want        = tokenstate.Want
	PageUser    = tokenstate.PageUser
)

// PerNode holds, per Keycloak node, that node's value.
type PerNode[V any] map[string]V

// Facts is everything learnt.
type Facts struct {
	Standings map[Subject]PerNode[Standing]
	Looks     map[Scope]PerNode[Look]
	Sightings map[SightingKey]PerNode[Sighting]
	Refusals  map[RefusalKey]Refusal
	Cutoffs   map[Scope]map[string]Cutoff // by cause
	Pardons   map[string]Pardoned         // by cause
	Doubts    map[DoubtKey]PerNode[Raised]
}

// said is what an authority has said of a subject, by node.
func (f Facts) said(s Scope, by tokenstate.Authority) PerNode[Standing] {
	return f.Standings[Subject{Scope: s, Authority: by}]
}

// Which of two values that one fact may have is the later one, the core's own rows say.

func earlierStanding(a, b Standing) bool {
	return tokenstate.StandingRow{Value: a}.Rank().Less(tokenstate.StandingRow{Value: b}.Rank())
}

func earlierSighting(a, b Sighting) bool {
	return tokenstate.SightingRow{Value: a}.Rank().Less(tokenstate.SightingRow{Value: b}.Rank())
}

func earlierRefusal(a, b Refusal) bool {
	return tokenstate.RefusalRow{Value: a}.Rank().Less(tokenstate.RefusalRow{Value: b}.Rank())
}

// lists reports whether a look was taken for an event.
func lists(r Raised, event string) bool { return slices.Contains(strings.Fields(r.Event), event) }

// surelyLater reports whether what a look of a node saw at one time is later than what was seen at another,
// whatever the clocks say.
func surelyLater(r Rules, node string, at, than Millis) bool {
	if nobody(node) {
		than += r.CacheLag
	}
	return at > than+r.Skew
}
