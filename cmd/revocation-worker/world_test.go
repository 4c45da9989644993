package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// world is the worker's, in which commands are run.
type world struct{ *workertest.World }

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{workertest.New(t)}
}

func must(t *testing.T, err error) {
	t.Helper()
	workertest.Must(t, err)
}

// run is one command, as a user types it.
func (w *world) run(args ...string) (string, error) {
	w.T.Helper()
	var out bytes.Buffer
	app := program()
	app.Writer = &out
	err := app.Run(w.T.Context(), append([]string{"revocation-worker"}, args...))
	return out.String(), err
}

// must runs a command that may not fail.
func (w *world) must(args ...string) string {
	w.T.Helper()
	out, err := w.run(args...)
	if err != nil {
		w.T.Fatalf("%q: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) json(into any, args ...string) {
	w.T.Helper()
	must(w.T, json.Unmarshal([]byte(w.must(append(args, "-o", "json")...)), into))
}

func itoa(seq uint64) string { return strconv.FormatUint(seq, 10) }
