//go:build !linux

package postgres

import "syscall"

// limitUnacked: other systems have no such setting; the bound of each statement ends the wait.
func limitUnacked(string, string, syscall.RawConn) error { return nil }
