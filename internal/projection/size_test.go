package projection

import (
	"testing"
	"unsafe"
)

// Ensure a token that is held is one line of a processor's cache, and what it takes of memory is that, too.
func TestATokenIsOneLine(t *testing.T) {
	if size := unsafe.Sizeof(heldToken{}); size != 64 {
		t.Errorf("a token takes %d bytes: the next size that there is memory of is 80", size)
	}
}
