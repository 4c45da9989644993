package workerd

import (
	"sync"
	"time"
)

// briefly remembers answers about realms, each of which walks all that is known; a deletion may be told a moment later.
func briefly(ask func(realm string) bool) func(realm string) bool {
	type answer struct {
		said bool
		at   time.Time
	}
	var mu sync.Mutex
	answers := map[string]answer{}
	return func(realm string) bool {
		mu.Lock()
		defer mu.Unlock()
		a, ok := answers[realm]
		if !ok || time.Since(a.at) > time.Second {
			a = answer{ask(realm), time.Now()}
			answers[realm] = a
		}
		return a.said
	}
}
