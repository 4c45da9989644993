package projection

import (
	"errors"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var errMoved = errors.New("the database was restarted or promoted while it was read")

// remember keeps in next the orders that we know and the database has lost, and gives the facts of them: a
// standby that was promoted may lack the last commits, which were acknowledged all the same, and whose
// orders nobody has relayed. What the log told a worker reads again. Whatever the database learns later of
// the same subject takes the place of what was remembered. Only Run, which alone writes the state, calls it.
func (p *Projection) remember(next *state) (facts []tokenstate.Row) {
	old := p.st
	if old == nil {
		if !p.useKept { // it was too old to answer from
			return nil
		}
		var err error
		if _, old, err = p.fromKept(); err != nil {
			return nil
		}
	}
	has := map[string]tokenstate.Rank{}
	for _, r := range ordered(next.facts) {
		has[r.Kind()+r.RowKey()] = r.Rank()
	}
	for _, r := range ordered(old.facts) {
		if rank, ok := has[r.Kind()+r.RowKey()]; !ok || rank.Less(r.Rank()) {
			r.SetIn(next.facts)
			facts = append(facts, r)
		}
	}
	for id, held := range next.keys {
		k := held.record(id)
		was, _ := old.key(id)
		if was.RevokedAt != 0 && k.RevokedAt == 0 {
			k.RevokedAt, k.RevokedBy = was.RevokedAt, was.RevokedBy
		}
		if was.Expires != 0 && (k.Expires == 0 || was.Expires < k.Expires) {
			k.Expires = was.Expires
		}
		next.putKey(k)
	}
	return facts
}

// ordered are the facts that were learnt from orders.
func ordered(f tokenstate.Facts) (rows []tokenstate.Row) {
	for _, r := range f.StandingRows() {
		if tokenstate.ByOrder(r) {
			rows = append(rows, r)
		}
	}
	for _, r := range f.CutoffRows() {
		if tokenstate.ByOrder(r) {
			rows = append(rows, r)
		}
	}
	return rows
}
