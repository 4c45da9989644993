//go:build !linux

package devstack

import "syscall"

// dieWithUs can do nothing here: children of a devstack that was killed stay behind.
func dieWithUs(*syscall.SysProcAttr) {}
