package notice_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var update = flag.Bool("update", false, "write the golden files")

// Ensure the form of each notice, which other people's programs read.
func TestEvents(t *testing.T) {
	dead := best(tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	dead.Token.User = "pairwise"
	needed, _ := notice.Login(login, dead, open, notice.Told{})
	restored, _ := notice.Login(login, best(tokenstate.Usable, ""), open, needed.Tells())
	soon := best(tokenstate.Usable, "")
	soon.Ends = 1_800_000_000
	ending, _ := notice.Ending(login, soon, open, 1_799_990_000, restored.Tells())
	closed, _ := notice.Owner(user, shut, notice.Told{})
	opened, _ := notice.Owner(user, open, closed.Tells())
	key, ok := notice.Key(apikey.Record{ID: "k1", Realm: "demo", User: "ann", Expires: 1_800_000_000}, 1_799_990_000, notice.Told{})
	if !ok {
		t.Fatal("the key is not told of")
	}
	var all bytes.Buffer
	for _, n := range []notice.Notice{needed, restored, ending, closed, opened, key} {
		raw, err := notice.Event(n, 1_799_990_000_123, notice.Beside{LastKeyUse: 1_799_980_000_000, LoginURL: "https://app.example/login"})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Indent(&all, raw, "", "  "); err != nil {
			t.Fatal(err)
		}
		all.WriteByte('\n')
	}
	const golden = "testdata/events.json"
	if *update {
		if err := os.WriteFile(golden, all.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, all.Bytes()) {
		t.Errorf("the notices have another form than %s; go test -update writes it:\n%s", golden, all.String())
	}
	for _, kind := range notice.Types() {
		if !strings.Contains(string(want), `"type": "`+string(kind)+`"`) {
			t.Errorf("%s lacks %s", golden, kind)
		}
	}
}
