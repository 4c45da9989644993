package docrun

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Ensure commands and their answers are found, and that only answers are written anew.
func TestBlocks(t *testing.T) {
	doc := "# A\n```sh\ncurl x\n```\ntext\n```http\nHTTP/1.1 200 OK\n```\n```\nnot run\n```\n```sh\necho 1\n```\n```sh\ncurl y\n```\n```http shape\nold\n```\nend\n"
	blocks, err := blocksOf(doc)
	if err != nil || len(blocks) != 3 {
		t.Fatalf("%+v %v", blocks, err)
	}
	if b := blocks[0]; b.line != 2 || b.command != "curl x" || b.answer != "HTTP/1.1 200 OK" || b.shape {
		t.Errorf("%+v", b)
	}
	if blocks[1].answered || !blocks[2].shape {
		t.Errorf("%+v", blocks)
	}
	got := withAnswers(doc, blocks, []string{"HTTP/1.1 201 Created", "", "new\nlines"})
	if want := strings.NewReplacer("HTTP/1.1 200 OK", "HTTP/1.1 201 Created", "old", "new\nlines").Replace(doc); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"```http\nHTTP/1.1 200 OK\n```\n", "```sh\ncurl x\n", "```sh\nx\n```\n```http\na\n```\n```http\nb\n```\n"} {
		if _, err := blocksOf(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Ensure what differs from run to run is replaced, the same by the same, and that no secret comes into a document.
func TestExamples(t *testing.T) {
	const answer = `{"key":"tokst_0FiVUzmOEv_ZuaBdRMFR1wmFLyxgZGe0mDqJQpHzDA1GtJzNNoXC0R4VYrjC","id":"0FiVUzmOEv","user_id":"4b0d9c3e-0c63-4a5e-9a2f-5d7d6a8a6f11",
		"token":{"session_id":"abc","since":"2027-01-02T03:04:05.678Z","state":"revoked"},"version":17,"deleted":2,"note":"of 4b0d9c3e-0c63-4a5e-9a2f-5d7d6a8a6f11",
		"access_token":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln","prefix":"tokst_0FiVUzmOEv","login_url":"http://127.0.0.1:31234/login"}`
	v, err := parse([]byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	got := inline(newExamples().of("", v))
	if got != inline(newExamples().of("", v)) {
		t.Error("two runs differ")
	}
	for _, gone := range []string{"ZuaBd", "0FiVUzmOEv", "4b0d9c3e", `"abc"`, "678Z", "17", "eyJzdWI", "31234"} {
		if strings.Contains(got, gone) {
			t.Errorf("%s stands in %s", gone, got)
		}
	}
	for _, stays := range []string{`"state":"revoked"`, `"deleted":2`, `"version":1042`, exampleTime} {
		if !strings.Contains(got, stays) {
			t.Errorf("%s does not stand in %s", stays, got)
		}
	}
	x := newExamples()
	if first, again := x.text("key", "tokst_0FiVUzmOEv_ZuaBdRMFR1wmFLyxgZGe0mDqJQpHzDA1GtJzNNoXC0R4VYrjC"), x.text("prefix", "tokst_0FiVUzmOEv"); first != again+"_…" {
		t.Errorf("a key's beginning has another example: %s, %s", first, again)
	}
	if got := x.text("what", "key 0FiVUzmOEv made"); got != "key "+x.keyID("0FiVUzmOEv")+" made" {
		t.Errorf("%s", got)
	}
	user := newExamples().text("user_id", "4b0d9c3e-0c63-4a5e-9a2f-5d7d6a8a6f11")
	if strings.Count(got, user) != 2 {
		t.Errorf("the same id has two examples: %s", got)
	}
}

// Ensure an answer that tells its own age is waited for no longer than until its members are there.
func TestSteady(t *testing.T) {
	a, b := "HTTP/1.1 200 OK\n\n{\"age\": 1}", "HTTP/1.1 200 OK\n\n{\"age\": 2}"
	more := "HTTP/1.1 200 OK\n\n{\"age\": 2, \"log\": {}}"
	if told := (block{shape: true}); steady(told, a) != steady(told, b) || steady(told, b) == steady(told, more) {
		t.Error("an answer whose members alone count is not held to them")
	}
	if steady(block{}, a) == steady(block{}, b) {
		t.Error("an answer that counts as a whole may change")
	}
}

// Ensure a story is held to its members, and not to its steps.
func TestShape(t *testing.T) {
	told := block{shape: true, answer: "HTTP/1.1 200 OK\n\n{\"user\": \"u\", \"steps\": [{\"id\": 1}]}"}
	for answer, want := range map[string]bool{
		"HTTP/1.1 200 OK\n\n{\"user\": \"v\", \"steps\": [{\"id\": 2, \"changes\": []}, 3]}": true,
		"HTTP/1.1 200 OK\n\n{\"user\": \"v\", \"steps\": null}":                              false,
		"HTTP/1.1 200 OK\n\n{\"steps\": []}":                                                 false,
		"HTTP/1.1 404 Not Found\n\n{\"user\": \"u\", \"steps\": []}":                         false,
	} {
		if sameAnswer(told, answer) != want {
			t.Errorf("%s: not %v", answer, want)
		}
	}
}

// Ensure a document is played as a reader would, that an answer which differs is told with both, and that what is read
// may take a while.
func TestPlay(t *testing.T) {
	reads := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/openapi.json" {
			_, _ = w.Write([]byte(`{"paths":{"/x":{"get":{},"post":{}},"/y/{id}":{"get":{}}}}`))
			return
		}
		if r.Method == http.MethodGet {
			if reads++; reads < 2 {
				_, _ = w.Write([]byte(`{"state":"usable"}`))
				return
			}
		}
		if r.Header.Get("X-Name") != "ann" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write([]byte(`{"state":"revoked","version":3}`))
	}))
	defer server.Close()
	root := t.TempDir()
	play := func(doc string, write bool) (string, error) {
		t.Helper()
		file := filepath.Join(root, "played.txt")
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		err := Play(context.Background(), devstack.Env{AuthapiURL: server.URL}, Options{Root: root, Files: []string{"played.txt"}, Write: write})
		raw, _ := os.ReadFile(file)
		return string(raw), err
	}
	const head, post = "```sh\n. .dev/env\nNAME=ann\n```\n", "```sh\ncurl -X POST -H \"X-Name: $NAME\" \"$AUTHAPI_URL/x\"\n```\n"
	const answer = "```http\nHTTP/1.1 200 OK\n\n{\"state\": \"revoked\", \"version\": 1042}\n```\n"
	if _, err := play(head+post+answer, false); err != nil {
		t.Error(err)
	}
	if _, err := play(head+strings.Replace(post, "-X POST", "", 1)+answer, false); err != nil || reads != 2 {
		t.Errorf("after %d reads: %v", reads, err)
	}
	wrong := strings.Replace(answer, "revoked", "usable", 1)
	if _, err := play(head+post+wrong, false); err == nil || !strings.Contains(err.Error(), "played.txt") || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("%v", err)
	}
	if _, err := play(head+post+strings.Replace(wrong, "```http", "```http shape", 1), false); err != nil {
		t.Error(err)
	}
	if got, err := play(head+post+wrong, true); err != nil || got != head+post+answer {
		t.Errorf("%v\n%s", err, got)
	}
	const printed = "```sh\necho key tokst_0FiVUzmOEv of 4b0d9c3e-0c63-4a5e-9a2f-5d7d6a8a6f11, at 2027-01-02 03:04:05Z\n```\n```text\n"
	if got, err := play(printed+"?\n```\n", true); err != nil || strings.Contains(strings.Split(got, "```text")[1], "0FiVUzmOEv") || !strings.Contains(got, exampleClock) {
		t.Errorf("what differs from run to run is shown: %v\n%s", err, got)
	} else if _, err := play(got, false); err != nil {
		t.Errorf("the next run differs: %v", err)
	}
	got := newExamples().text("printed", "key 0FiVUzmOEv in session 8GOaFobXdMuXbs7mK2sRhWWc: key automation")
	if strings.Contains(got, "0FiVUzmOEv") || strings.Contains(got, "8GOa") || !strings.HasSuffix(got, ": key automation") {
		t.Errorf("%s", got)
	}
	for _, id := range []string{"8GOaFobXdMuXbs7mK2sRhWW-", "-GOaFobXdMuXbs7mK2sRhWWc"} {
		if got := newExamples().text("printed", "session "+id+", dead"); strings.Contains(got, "GOaFobX") {
			t.Errorf("%s", got)
		}
	}
	if got := newExamples().text("printed", "key automation-of-ann"); got != "key automation-of-ann" {
		t.Errorf("%s", got)
	}
	if _, err := play("```sh\nfalse\n```\n", false); err == nil {
		t.Error("a command that fails is taken")
	}
	if _, err := play("```sh\ntrue\n```\n"+answer, false); err == nil {
		t.Error("an answer to no call is taken")
	}
}

// Ensure what a stack has seen before changes no example: neither the steps of a story, nor what is cut off a list.
func TestPlay_TheStacksHistory(t *testing.T) {
	const id = "4b0d9c3e-0c63-4a5e-9a2f-5d7d6a8a6f%02d"
	history := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ids []string
		for i := range history {
			ids = append(ids, fmt.Sprintf(`{"event_id":"`+id+`"}`, i))
		}
		body := `{"event_id":"` + fmt.Sprintf(id, 99) + `"}`
		switch r.URL.Path {
		case "/openapi.json":
			body = `{"paths":{}}`
		case "/story":
			body = `{"items":[` + strings.Join(ids, ",") + `]}`
		case "/list":
			body = `{"items":["a","b","c",` + strings.Join(ids, ",") + `]}`
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	root := t.TempDir()
	file := filepath.Join(root, "played.txt")
	call := func(path, language string) string {
		return "```sh\ncurl -X POST \"$AUTHAPI_URL" + path + "\"\n```\n```" + language + "\n?\n```\n"
	}
	doc := "```sh\n. .dev/env\n```\n" + call("/story", "http shape") + call("/list", "http") + call("/last", "http")
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	play := func(write bool) error {
		return Play(t.Context(), devstack.Env{AuthapiURL: server.URL}, Options{Root: root, Files: []string{"played.txt"}, Write: write})
	}
	if err := play(true); err != nil {
		t.Fatal(err)
	}
	history = 7
	if err := play(false); err != nil {
		t.Errorf("a stack with a longer history: %v", err)
	}
}
