package notice

import (
	"slices"
	"time"
)

// Bounds of delivering one notice to one endpoint.
const (
	firstPause = 5 * time.Second
	mostPause  = 6 * time.Hour
	faster     = 4 // each pause is so many times the one before

	// Attempts are made at most, over some three days; then the delivery is parked.
	Attempts = 19
)

// Pause is how long after its n-th attempt, of which the first is 1, a delivery is tried again.
func Pause(attempts int) time.Duration {
	pause := firstPause
	for ; attempts > 1 && pause < mostPause; attempts-- {
		pause *= faster
	}
	return min(pause, mostPause)
}

// Endpoint says which notices somebody wants. What is empty leaves nothing out.
type Endpoint struct {
	Name                   string
	Types, Realms, Clients []string
}

// Wants reports whether a notice is for the endpoint. One that concerns no client is for all who do not ask for clients.
func (e Endpoint) Wants(n Notice) bool {
	return among(e.Types, string(n.Type)) && among(e.Realms, n.Subject.Realm) && among(e.Clients, n.Subject.Client)
}

func among(some []string, one string) bool { return len(some) == 0 || slices.Contains(some, one) }

// Delivery is a notice that an endpoint has not taken yet.
type Delivery struct {
	Endpoint string
	N        int64
	ID       string
	Attempts int
	Body     []byte
}
