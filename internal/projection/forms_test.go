package projection

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var update = flag.Bool("update", false, "write the golden files anew; a changed form needs thought about what lies stored")

// filled is a T whose every member differs from its zero value.
func filled[T any](t *testing.T) T {
	t.Helper()
	var v T
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Array:
		fill(t, v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(7)
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// snapshotOfAll holds one of everything that a feed or a snapshot can hold.
func snapshotOfAll(t *testing.T) Snapshot {
	t.Helper()
	s := Snapshot{
		Version: 7, Nonce: "nonce", Facts: tokenstate.NewFacts(), Tokens: []Token{filled[Token](t)}, Keys: []apikey.Record{filled[apikey.Record](t)},
		ServiceKeys: []ServiceKey{filled[ServiceKey](t)}, Members: []apikey.Member{filled[apikey.Member](t)},
	}
	for _, r := range []tokenstate.Row{
		filled[tokenstate.StandingRow](t), filled[tokenstate.LookRow](t), filled[tokenstate.SightingRow](t), filled[tokenstate.RefusalRow](t),
		filled[tokenstate.CutoffRow](t), filled[tokenstate.PardonRow](t), filled[tokenstate.DoubtRow](t),
	} {
		r.SetIn(s.Facts)
	}
	return s
}

// TestTheStoredFormIsTheGolden: rows of the feed and kept snapshots outlive the program that wrote
// them. A member that gets another name, or a new one, is seen here: an older program's rows then lack
// it, and must be loaded from the tables again.
func TestTheStoredFormIsTheGolden(t *testing.T) {
	s := snapshotOfAll(t)
	status := filled[Status](t)
	raw, err := encodeKept(time.UnixMilli(1_700_000_000_000), status, s)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "kept.golden")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the stored form is another one:\n%s\nnot:\n%s", got, want)
	}
	h, back, err := decodeKept(zipped(t, want))
	if err != nil || !reflect.DeepEqual(h.Status, status) || !reflect.DeepEqual(back, s) {
		t.Errorf("the golden form is read as %+v, %+v, %v", h, back, err)
	}
}

// TestAnotherFormIsNotRead: a renamed member of any kind makes the snapshot unreadable, not open.
func TestAnotherFormIsNotRead(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "kept.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Disabled", "Gone", "Before", "RevokedAt", "NotMember", "Custody", "Confirmed", "Orgs", "Org"} {
		for what, other := range map[string]string{"renamed": `"Renamed":`, "missing": ""} {
			text := string(want)
			at := strings.Index(text, `"`+name+`":`)
			if what == "missing" {
				text = without(t, text, at)
			} else {
				text = text[:at] + other + text[at+len(name)+3:]
			}
			if _, _, err := decodeKept(zipped(t, []byte(text))); err == nil {
				t.Errorf("%s %s: read all the same", name, what)
			}
		}
	}
}

// without takes the member at that place out of its object.
func without(t *testing.T, text string, at int) string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text[strings.Index(text[at:], ":")+at+1:]))
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		t.Fatal(err)
	}
	end := strings.Index(text[at:], ":") + at + 1 + int(dec.InputOffset())
	if text[end] == ',' {
		return text[:at] + text[end+1:]
	}
	return text[:at-1] + text[end:] // the last one: with the comma before it
}

func zipped(t *testing.T, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
