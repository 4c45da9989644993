package projection

import (
	"runtime/debug"
	"sync"
)

// sparePercent is GOGC while a snapshot is loaded: nearly all that is new then stays, and the usual 100 would let the heap
// grow to twice of what is kept in the end.
const sparePercent = 30

// spare is the process's: whoever begins first changes the pace, and whoever ends last gives it back.
var spare struct {
	sync.Mutex

	loads  int
	before int
}

// sparing has garbage collected sooner until it is undone, unless somebody has chosen less, or bounds the memory otherwise.
func sparing() (undo func()) {
	spare.Lock()
	defer spare.Unlock()
	if spare.loads++; spare.loads == 1 {
		if spare.before = debug.SetGCPercent(sparePercent); spare.before < sparePercent {
			debug.SetGCPercent(spare.before)
		}
	}
	return func() {
		spare.Lock()
		defer spare.Unlock()
		if spare.loads--; spare.loads == 0 {
			debug.SetGCPercent(spare.before)
		}
	}
}
