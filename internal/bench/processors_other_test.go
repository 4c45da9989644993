//go:build !linux

package bench

// only does nothing here: what runs where is the system's choice.
func only(func(cpu int) bool) error { return nil }
