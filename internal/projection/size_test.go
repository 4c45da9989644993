package projection

import (
	"testing"
	"unsafe"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a token that is held is one line of a processor's cache, and what it takes of memory is that, too.
func TestATokenIsOneLine(t *testing.T) {
	if size := unsafe.Sizeof(heldToken{}); size != 64 {
		t.Errorf("a token takes %d bytes: the next size that there is memory of is 80", size)
	}
}

// Ensure a key that is held does not take the next size that there is memory of.
func TestAKeyIsEightyBytes(t *testing.T) {
	if size := unsafe.Sizeof(heldKey{}); size != 80 {
		t.Errorf("a key takes %d bytes: the next size that there is memory of is 96", size)
	}
}

// Ensure a holder does not take the next size that there is memory of.
func TestAHolderIsFortyEightBytes(t *testing.T) {
	if size := unsafe.Sizeof(holder{}); size > 48 {
		t.Errorf("a holder takes %d bytes: the next size that there is memory of is 64", size)
	}
}

// Ensure a key's times are given as they came, also those that do not fit into 32 bits.
func TestAKeysTimes(t *testing.T) {
	for _, s := range []tokenstate.Seconds{0, 1, 1_790_000_000, 1<<32 - 1, 1 << 32, 1<<62 + 7, -1} {
		k := apikey.Record{ID: "k", Realm: "demo", User: "u", Created: s, Expires: s}
		st := newState()
		st.putKey(k)
		if got, ok := st.key("k"); !ok || got != k {
			t.Errorf("a key of second %d became %+v", s, got)
		}
	}
}
