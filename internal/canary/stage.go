package canary

import (
	"fmt"
	"time"
)

// Stage is one step of a round.
type Stage struct {
	Name  string
	Took  time.Duration
	Fault error // what is wrong, and what to look at; nil if nothing
}

// The stages of a round, in order; the last four only where the user may be disabled.
const (
	Login    = "login"
	Store    = "store"
	Key      = "key"
	Living   = "living"
	Logout   = "logout"
	Revoked  = "revoked"
	Refused  = "refused"
	KeyLives = "key_lives"
	Disable  = "disable"
	KeyStops = "key_stops"
	Enable   = "enable"
	KeyComes = "key_comes_back"
)

// Fault is the first fault of a round; nil if it has none.
func Fault(stages []Stage) error {
	for _, s := range stages {
		if s.Fault != nil {
			return fmt.Errorf("%s: %w", s.Name, s.Fault)
		}
	}
	return nil
}
