package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// tokens is Check as plain as it can be, by encoding/json's own tokens: what it refuses, Check refuses.
func tokens(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if !utf8.Valid(raw) || !tokenwise(dec, 0) {
		return false
	}
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}

func tokenwise(dec *json.Decoder, depth int) bool {
	tok, err := dec.Token()
	if err != nil || depth > 16 || tok == "\x00" {
		return false
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return true
	}
	seen := map[json.Token]bool{}
	for dec.More() {
		if open == '{' {
			name, err := dec.Token()
			if err != nil || seen[name] {
				return false
			}
			seen[name] = true
		}
		if !tokenwise(dec, depth+1) {
			return false
		}
	}
	_, err = dec.Token()
	return err == nil
}

// manyMembers is an object of n members, and of another one by the name of the last.
func manyMembers(n int, last string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":0,`, i)
	}
	return "{" + b.String() + `"` + last + `":0}`
}

var differing = []string{
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"a":1},"b":[{"a":1},{"a":[]}]}`, "\"\\ud800\"", `{"\ud800":1,"\ud801":2}`, `1e999`, `{"a":{}} x`,
	`{"a":{}} {}`, ` [ 1 , -2.5e3 , true,null ] `, `["\u0000"]`, `"a\"b\\"`, `{ "a" : "\\" , "\"" : "}" }`, "[\"\xff\"]", ``, `{`, `[1,]`,
	strings.Repeat("[", 17) + strings.Repeat("]", 17), strings.Repeat("[", 16) + "1" + strings.Repeat("]", 16), strings.Repeat("[", 17) + "1" + strings.Repeat("]", 17),
	strings.Repeat("[", 18) + strings.Repeat("]", 18), manyMembers(40, "m3"), manyMembers(40, "m39"), manyMembers(16, "m15"), manyMembers(17, "m16"), manyMembers(40, "n"),
}

func agree(t *testing.T, raw []byte) {
	t.Helper()
	err := strictjson.Check(raw, func(text []byte) error {
		if string(text) == "\x00" {
			return errors.New("a NUL")
		}
		return nil
	})
	if (err == nil) != tokens(raw) {
		t.Errorf("%q: %v, and token by token %v", raw, err, tokens(raw))
	}
}

// Ensure what is taken is what encoding/json's own tokens show to be one value, each member once.
func TestCheckSaysWhatTokensSay(t *testing.T) {
	for _, text := range differing {
		agree(t, []byte(text))
	}
}

// FuzzCheck: the same of anything.
func FuzzCheck(f *testing.F) {
	for _, text := range differing {
		f.Add([]byte(text))
	}
	f.Fuzz(agree)
}
