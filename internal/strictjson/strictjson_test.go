package strictjson_test

import (
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// Ensure exactly one value is taken, of which every reader sees the same.
func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}`: true, ` 1 `: true, `null`: true,
		`{"a":1,"a":1}`: false, `{"x":[{"a":1,"\u0061":2}]}`: false, `{} {}`: false, `{`: false, `[1,]`: false, ``: false, "\"\xff\"": false,
		strings.Repeat("[", 16) + strings.Repeat("]", 16): true, strings.Repeat("[", 18) + strings.Repeat("]", 18): false,
	} {
		var v any
		if err := strictjson.Unmarshal([]byte(text), &v); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
