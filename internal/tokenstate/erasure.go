package tokenstate

// Erasure is an order to forget what was stored of a user before it. Order is the message's id, under
// which the journal has the time of its first arrival: a copy or a replay must not reach further.
type Erasure struct {
	User  Scope
	Order string
}
