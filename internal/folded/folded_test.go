package folded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// Ensure every message comes back byte by byte, and so do bytes that are none.
func TestWhatIsFoldedComesBack(t *testing.T) {
	r := rand.NewChaCha8([32]byte{2})
	const id = "0f0f0f0f-abcd-4000-8000-00000000000a"
	odd := [][]byte{nil, {}, {form1}, {isByte}, {0}, []byte("{"), []byte("\t{}"), {'{', isID, isByte, '}'}}
	for _, text := range []string{"\x00", "\x01", "\x02", "{", id, "-", "0"} {
		odd = append(odd, bytes.Repeat([]byte(text), events.MaxMessage/len(text)))
	}
	for _, text := range []string{id, id[:35], id + id, "0" + id, "00000000-" + id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), strings.Replace(id, "a", "g", 1), "{" + id + "}", "urn:uuid:" + id} {
		odd = append(odd, []byte(text), []byte(`{"user":"`+text+`"}`))
	}
	for _, n := range []int{1, 30, 600, 20_000, events.MaxMessage} {
		b := make([]byte, n)
		_, _ = r.Read(b)
		odd = append(odd, b)
	}
	for _, m := range slices.Concat(odd, recorded(t), spoken(t)) {
		was := bytes.Clone(m)
		line := Fold(m)
		if got, err := Unfold(line); err != nil || !bytes.Equal(got, was) || !bytes.Equal(m, was) {
			t.Fatalf("%.200q became %.200q, %v", was, got, err)
		}
		if plain(m) && len(line) > len(m) {
			t.Errorf("%d bytes became %d", len(m), len(line))
		}
	}
}

// Ensure a line is what the journal's room was reckoned with: 145 and 162 bytes, of 543 and 668.
func TestFoldedIsShort(t *testing.T) {
	for name, ms := range map[string][][]byte{"recorded": recorded(t), "spoken": spoken(t)} {
		raw, lines := 0, 0
		for _, m := range ms {
			raw, lines = raw+len(m), lines+len(Fold(m))
		}
		if 3*lines > raw {
			t.Errorf("%s: %d bytes became %d", name, raw, lines)
		}
	}
}

// Ensure a line of an older program is read as it is.
func TestPlainLines(t *testing.T) {
	for _, m := range append(recorded(t), nil, []byte(" {}"), []byte("\xef\xbb\xbf{}")) {
		if got, err := Unfold(m); err != nil || !bytes.Equal(got, m) {
			t.Fatalf("%q became %q, %v", m, got, err)
		}
	}
}

var update = flag.Bool("update", false, "write testdata/lines.json, for a new form alone")

type kept struct {
	Line    []byte `json:"line"` // base64
	Message string `json:"message"`
}

// Ensure what was ever folded can be read for ever: the dictionary is the one that it was, and these lines are what they were.
func TestKeptLines(t *testing.T) {
	if sum := sha256.Sum256(dictionary1); hex.EncodeToString(sum[:]) != "f2311497dfc39cd4f01aff699b132df1a683e65a7876b6fc30719ac0d628d468" {
		t.Errorf("the first dictionary is another one: %x", sum)
	}
	const file = "testdata/lines.json"
	if *update {
		var ks []kept
		for _, m := range spoken(t)[:16] {
			ks = append(ks, kept{Fold(m), string(m)})
		}
		raw, err := json.MarshalIndent(ks, "", " ")
		must(t, err)
		must(t, os.WriteFile(file, append(raw, '\n'), 0o644))
	}
	raw, err := os.ReadFile(file)
	must(t, err)
	var ks []kept
	must(t, json.Unmarshal(raw, &ks))
	for _, k := range ks {
		if got, err := Unfold(k.Line); err != nil || string(got) != k.Message || k.Line[0] != form1 {
			t.Errorf("%q was read as %q, %v", k.Message, got, err)
		}
	}
	if len(ks) != 16 {
		t.Errorf("%d lines are kept", len(ks))
	}
}

// Ensure what cannot be read says so, whatever it is: another form, a broken block, and one that would fill the memory.
func TestUnreadable(t *testing.T) {
	whole := Fold(spoken(t)[3])
	for name, line := range map[string][]byte{
		"a newer form":             {0x02, 1, 2, 3},
		"no form":                  {0x00},
		"nothing behind the form":  {form1},
		"cut":                      whole[:len(whole)-3],
		"more behind it":           slices.Concat(whole, whole),
		"large":                    block(make([]byte, mostShort+1)),
		"says that it is large":    binary.AppendUvarint([]byte{form1}, 1<<30),
		"large in its ids":         block(bytes.Repeat(append([]byte{isID}, make([]byte, 16)...), events.MaxMessage/32)),
		"large, of signs":          block(bytes.Repeat([]byte{'{'}, events.MaxMessage+1)),
		"ends within an id":        block([]byte{'{', isID, 1, 2}),
		"ends where a byte should": block([]byte{'{', isByte}),
	} {
		got, err := Unfold(line)
		var unreadable *UnreadableError
		if !errors.As(err, &unreadable) || got != nil || unreadable.Form != line[0] || err.Error() == "" {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// block is what somebody else may have folded.
func block(short []byte) []byte { return append([]byte{form1}, dictionary.Encode(nil, short)...) }

// Ensure many may fold and unfold at once.
func TestAtOnce(t *testing.T) {
	ms := spoken(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, m := range ms {
				if got, err := Unfold(Fold(m)); err != nil || !bytes.Equal(got, m) {
					t.Errorf("%q became %q, %v", m, got, err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzUnfold: any bytes are a message of bounded size, or an *UnreadableError; and any bytes can be folded.
func FuzzUnfold(f *testing.F) {
	for _, m := range spoken(f)[:12] {
		f.Add(Fold(m))
		f.Add(m)
	}
	f.Add(block(make([]byte, 1<<20)))
	f.Fuzz(func(t *testing.T, line []byte) {
		raw, err := Unfold(line)
		var unreadable *UnreadableError
		if err != nil && (!errors.As(err, &unreadable) || raw != nil) || err == nil && !plain(line) && len(raw) > events.MaxMessage {
			t.Errorf("%d bytes, %v", len(raw), err)
		}
		if len(line) > events.MaxMessage {
			return
		}
		if again, err := Unfold(Fold(line)); err != nil || !bytes.Equal(again, line) {
			t.Errorf("%q became %q, %v", line, again, err)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	ms := spoken(b)
	for i := 0; b.Loop(); i++ {
		Fold(ms[i%len(ms)])
	}
}

func BenchmarkUnfold(b *testing.B) {
	ms := spoken(b)
	for i := range ms {
		ms[i] = Fold(ms[i])
	}
	for i := 0; b.Loop(); i++ {
		_, err := Unfold(ms[i%len(ms)])
		must(b, err)
	}
}
