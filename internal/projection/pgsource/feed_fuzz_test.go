package pgsource

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// FuzzFeedRow: a row of the feed is one change, or a fault that has the reader load a snapshot.
func FuzzFeedRow(f *testing.F) {
	golden, err := os.Open(filepath.Join("..", "testdata", "kept.golden"))
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = golden.Close() }()
	for lines := bufio.NewScanner(golden); lines.Scan(); {
		var e struct {
			Kind                                 string
			Fact, Token, Key, ServiceKey, Member json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			f.Fatal(err)
		}
		for kind, value := range map[string][]byte{e.Kind: e.Fact, state.KindToken: e.Token, keys.KindKey: e.Key, keys.KindServiceKey: e.ServiceKey, keys.KindMember: e.Member} {
			if value != nil {
				f.Add(kind, `["a","b","c"]`, value)
			}
		}
	}
	f.Add(state.KindToken, `["demo","s","app"]`, []byte(nil))
	f.Add("another", "", []byte("{}"))
	f.Fuzz(func(t *testing.T, kind, key string, value []byte) {
		if len(value) == 0 {
			value = nil // a removal
		}
		c, err := changeOf(state.Change{Kind: kind, Key: key, Value: value})
		if err != nil {
			return
		}
		n := 0
		for _, is := range []bool{
			c.Fact != nil, c.Token != nil, c.Key != nil, c.ServiceKey != nil, c.Member != nil, c.RemovedToken != nil, c.RemovedMember != nil,
			kind == keys.KindServiceKey && value == nil,
		} {
			if is {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%q %q %s is %d changes: %+v", kind, key, value, n, c)
		}
	})
}
