package projection

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/strictjson"
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

// rowsOfAll are the rows of a feed of one of everything, a line each.
func rowsOfAll(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	put := func(e storedRow) {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	raw := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s := snapshotOfAll(t)
	for _, r := range s.Facts.Rows() {
		put(storedRow{Kind: r.Kind(), Fact: raw(r)})
	}
	put(storedRow{Token: raw(s.Tokens[0])})
	put(storedRow{Key: raw(s.Keys[0])})
	put(storedRow{ServiceKey: raw(s.ServiceKeys[0])})
	put(storedRow{Member: raw(s.Members[0])})
	return out.Bytes()
}

type storedRow struct {
	Kind       string          `json:"Kind,omitempty"` // of Fact
	Fact       json.RawMessage `json:"Fact,omitempty"`
	Token      json.RawMessage `json:"Token,omitempty"`
	Key        json.RawMessage `json:"Key,omitempty"`
	ServiceKey json.RawMessage `json:"ServiceKey,omitempty"`
	Member     json.RawMessage `json:"Member,omitempty"`
}

// read reads it back as a feed is read.
func (r storedRow) read() (err error) {
	switch {
	case r.Token != nil:
		_, err = strictjson.Stored[Token](r.Token)
	case r.Key != nil:
		_, err = strictjson.Stored[apikey.Record](r.Key)
	case r.ServiceKey != nil:
		_, err = strictjson.Stored[ServiceKey](r.ServiceKey)
	case r.Member != nil:
		_, err = strictjson.Stored[apikey.Member](r.Member)
	default:
		_, err = tokenstate.DecodeRow(r.Kind, r.Fact)
	}
	return err
}

// golden is what the file says, which is written first where that was asked for.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
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
		t.Errorf("the form of %s is another one:\n%q\nnot:\n%q", name, got, want)
	}
	return want
}

// TestTheStoredFormIsTheGolden: rows of the feed and kept snapshots outlive the program that wrote
// them. A member that gets another name, or a new one, is seen here: an older program's rows then lack
// it, and must be loaded from the tables again. Other bytes of a kept snapshot are another keptFormat.
func TestTheStoredFormIsTheGolden(t *testing.T) {
	golden(t, "rows.golden", rowsOfAll(t))
	s, status := snapshotOfAll(t), filled[Status](t)
	want := golden(t, "kept.golden", keptOf(t, time.UnixMilli(1_700_000_000_000), status, s))
	h, back, err := decoded(want)
	if err != nil || !reflect.DeepEqual(h.Status, status) || !reflect.DeepEqual(back, s) {
		t.Errorf("the golden form is read as %+v, %+v, %v", h, back, err)
	}
}

// TestAnotherFormIsNotRead: a renamed member of any kind makes a row unreadable, not open.
func TestAnotherFormIsNotRead(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(rowsOfAll(t))), "\n")
	for _, name := range []string{"Disabled", "Gone", "Before", "RevokedAt", "NotMember", "Custody", "Orgs", "Org"} {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `"`+name+`":`) })
		at := strings.Index(lines[i], `"`+name+`":`)
		for what, text := range map[string]string{
			"as it is": lines[i],
			"renamed":  lines[i][:at] + `"Renamed":` + lines[i][at+len(name)+3:],
			"missing":  without(t, lines[i], at),
		} {
			var row storedRow
			if err := json.Unmarshal([]byte(text), &row); err != nil {
				t.Fatal(err)
			}
			if err := row.read(); (err == nil) != (what == "as it is") {
				t.Errorf("%s %s: %v", name, what, err)
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
