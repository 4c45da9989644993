package devstack

import "syscall"

// dieWithUs has the kernel end a child when the thread that started it ends: also when we are
// killed and can clean up nothing. The thread must therefore stay; see spawner.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
