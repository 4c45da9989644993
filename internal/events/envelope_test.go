package events

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plainly is what encoding/json alone reads of an envelope.
func plainly(raw []byte) (envelope, error) {
	if err := checkJSON(raw, nil); err != nil {
		return envelope{}, err
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return envelope{}, badType(err)
	}
	return e, nil
}

func sameEnvelope(t *testing.T, raw []byte) {
	t.Helper()
	want, wantErr := plainly(raw)
	got, err := opened(raw)
	if d := cmp.Diff(want, got); d != "" && wantErr == nil || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Errorf("%s:\n%v, want %v\n%s", raw, err, wantErr, d)
	}
}

var envelopes = []string{
	`{"id":"a","type":"b","data":{"x":[1,"\u0000"]}}`, `{"id":"a","type":"b" , "data" : {"x":[1, 2]} , "more":{"id":"c"}}`, `{"ID":"a","id":"b"}`, `{"id":"b","ID":"a"}`,
	`{"id":"a\u0062"}`, `{"i\u0064":"a"}`, `{"id":null,"data":null}`, `{"id":1}`, `{"id":["a"]}`, `{"data":"text"}`, `{"data":{"id":"inner"}}`, `[]`, `"id"`, `null`, `{}`, `{"id":"a"} x`, `{"id":"a","id":"a"}`,
	"\"\xff\"", `{"source":"urn:x","node":"","server":"s","realm":"r","time":"t","specversion":"1.0","tsversion":"1","datacontenttype":"application/json"}`,
}

// Ensure an envelope is what encoding/json alone reads of it, of whatever form it is.
func TestAnEnvelopeIsWhatEncodingJSONReads(t *testing.T) {
	for _, raw := range envelopes {
		sameEnvelope(t, []byte(raw))
	}
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sameEnvelope(t, raw)
	}
}

// FuzzEnvelope: the same of anything.
func FuzzEnvelope(f *testing.F) {
	for _, raw := range envelopes {
		f.Add([]byte(raw))
	}
	f.Fuzz(sameEnvelope)
}
