package strictjson_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// FuzzUnmarshal: what is taken, any reader of JSON takes, and reads the same.
func FuzzUnmarshal(f *testing.F) {
	for _, text := range []string{`{"a":1}`, `{"a":1,"a":2}`, `[[[]]]`, "\"\\ud800\"", `1e999`, `{"a":{}} x`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var strict, loose any
		if strictjson.Unmarshal(raw, &strict) != nil {
			return
		}
		if err := json.Unmarshal(raw, &loose); err != nil {
			t.Fatalf("taken, and it is no JSON: %v", err)
		}
		a, _ := json.Marshal(strict)
		b, _ := json.Marshal(loose)
		if !bytes.Equal(a, b) {
			t.Fatalf("%s is read as %s and as %s", raw, a, b)
		}
	})
}
