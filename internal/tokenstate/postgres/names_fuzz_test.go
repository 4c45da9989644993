package postgres

import (
	"maps"
	"slices"
	"testing"
)

// FuzzNames: what the feed names is read as it was written, and other bytes are a fault that has the reader load a snapshot.
func FuzzNames(f *testing.F) {
	for _, ns := range [][]Name{nil, {{"look", `["demo","u","","","",""]`}}, {{"service_key", "a\n\"b"}, {"look", ""}, {"look", "<x>"}}} {
		packed, err := pack(ns)
		must(f, err)
		f.Add(packed)
		f.Add(packed[:len(packed)/2])
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		read := names{}
		if read.unpack(raw) != nil {
			return
		}
		read.tidy()
		var all []Name
		for kind, keys := range read {
			for _, key := range keys {
				all = append(all, Name{kind, key})
			}
			if _, err := keyColumns(keys, scopeParts); err == nil && slices.Contains(keys, "") {
				t.Errorf("%q names something", keys)
			}
		}
		packed, err := pack(all)
		must(t, err)
		again := names{}
		must(t, again.unpack(packed))
		maps.DeleteFunc(read, func(_ string, keys []string) bool { return len(keys) == 0 })
		if !maps.EqualFunc(read, again, slices.Equal) {
			t.Errorf("%v was read as %v", read, again)
		}
	})
}
