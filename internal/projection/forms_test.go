package projection

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
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

// TestTheStoredFormIsTheGolden: kept snapshots outlive the program that wrote them. Other bytes of one are another keptFormat.
func TestTheStoredFormIsTheGolden(t *testing.T) {
	s, status := snapshotOfAll(t), filled[Status](t)
	want := golden(t, "kept.golden", keptOf(t, time.UnixMilli(1_700_000_000_000), status, s))
	h, back, err := decoded(want)
	if err != nil || !reflect.DeepEqual(h.Status, status) || !reflect.DeepEqual(back, s) {
		t.Errorf("the golden form is read as %+v, %+v, %v", h, back, err)
	}
}
