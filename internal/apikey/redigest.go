package apikey

// Redigest is a stored digest and what it shall be under another pepper. ID is a key's id, or
// with Service a credential's name.
type Redigest struct {
	ID       string
	Service  bool
	Old, New Sum
	PepperID string // of New
}
