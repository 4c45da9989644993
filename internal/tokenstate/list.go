package tokenstate

import (
	"iter"
	"strings"
)

// spot is where in its sheet a fact stands: what its key says beside the sheet's subject. By is an authority other than
// Keycloak. Kind tells apart what else one scope has several of: both kinds of sightings, sides of a doubt, generations of
// a token.
type spot struct {
	user, client, key, by string
	kind                  int64
}

func (s spot) compare(o spot) int {
	for _, c := range [...]int{
		strings.Compare(s.user, o.user), strings.Compare(s.client, o.client), strings.Compare(s.key, o.key),
		strings.Compare(s.by, o.by),
	} {
		if c != 0 {
			return c
		}
	}
	return int(min(max(s.kind-o.kind, -1), 1))
}

// entry is one fact in a sheet. Node is the node that told it; of a cutoff it is the cause.
type entry[V ranked] struct {
	spot  spot
	node  string
	value V
}

func (e entry[V]) compare(s spot, node string) int {
	if c := e.spot.compare(s); c != 0 {
		return c
	}
	return strings.Compare(e.node, node)
}

// list are the facts of one kind in a sheet, sorted by spot and node.
type list[V ranked] []entry[V]

// find is where the fact stands, or would stand.
func (l list[V]) find(s spot, node string) (i int, found bool) {
	lo, hi := 0, len(l)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := l[mid].compare(s, node); {
		case c == 0:
			return mid, true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// write puts a fact in place: the greater one where both have a rank to say so, or else (instead) the new one.
func (l *list[V]) write(s spot, node string, v V, instead bool) {
	i, found := l.find(s, node)
	switch {
	case !found:
		*l = append(*l, entry[V]{})
		copy((*l)[i+1:], (*l)[i:])
		(*l)[i] = entry[V]{s, node, v}
	case instead || loses((*l)[i].value, v):
		(*l)[i].value = v
	}
}

// PerNode holds, per Keycloak node, that node's value, sorted by node. Nodes do not share a clock, so Join never
// compares across nodes; Judge reconciles them. Looks over the admin API may come from any node: they stand under ""
// and count as nobody's.
type PerNode[V ranked] []entry[V]

// short is how long a list may be for looking at each to be quicker than searching.
const short = 8

// at are the values of one spot.
func (l list[V]) at(s spot) PerNode[V] {
	if len(l) == 0 {
		return nil
	}
	from := 0
	if len(l) > short {
		from, _ = l.find(s, "")
	}
	for from < len(l) && len(l) <= short && l[from].spot != s {
		from++
	}
	to := from
	for to < len(l) && l[to].spot == s {
		to++
	}
	return PerNode[V](l[from:to])
}

func (p PerNode[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := range p {
			if !yield(p[i].node, p[i].value) {
				return
			}
		}
	}
}

// of is what one node has told; the zero value if it has told nothing.
func (p PerNode[V]) of(node string) (v V) {
	for i := range p {
		if p[i].node == node {
			return p[i].value
		}
	}
	return v
}
