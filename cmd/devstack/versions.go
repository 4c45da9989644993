package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// versionRun is one run of the differential test against one version of Keycloak.
type versionRun struct {
	version, switched string // switched: whether the run wanted the listener
	started           string
	listener          string            // what Keycloak's log says of it
	figures           map[string]string // of the test's last line
	date              string
	interrupted       bool
}

var versionColumns = []string{"actions", "tokens", "agree", "false_revoked", "false_usable", "seed"}

// note passes the output of a truth run on, and keeps its result in docs/keycloak-versions.md.
func note(_ context.Context, c *cli.Command) error {
	dir, err := root()
	if err != nil {
		return err
	}
	r := versionRun{
		version: c.Args().First(), switched: cmp.Or(os.Getenv("TRUTH_LISTENER"), "on"),
		date: time.Now().UTC().Format(time.DateOnly),
	}
	if r.version == "" {
		return fmt.Errorf("%w: which version of Keycloak?", errUsage)
	}
	if err := r.read(io.TeeReader(os.Stdin, os.Stdout)); err != nil {
		return err
	}
	if r.interrupted {
		return nil // it says nothing of this version
	}
	//nolint:gosec // our own log
	if log, err := os.ReadFile(filepath.Join(dir, ".dev", "log", "truth", "keycloak.log")); err == nil && r.started == "yes" {
		r.listener = listenerIn(string(log))
	}
	doc := filepath.Join(dir, "docs", "keycloak-versions.md")
	text, err := os.ReadFile(doc) //nolint:gosec // our own file
	if err != nil {
		return err
	}
	out, err := withRow(string(text), r)
	if err != nil {
		return err
	}
	return os.WriteFile(doc, []byte(out), 0o644) //nolint:gosec // a document
}

// read takes from the run's output whether Keycloak started and what the test's last line says.
func (r *versionRun) read(out io.Reader) error {
	r.started, r.listener, r.figures = "no", "-", map[string]string{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20) // a false verdict is told at length
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "devstack: keycloak is ready") {
			r.started = "yes"
		}
		if strings.Contains(line, errInterrupted.Error()) {
			r.interrupted = true
		}
		if strings.HasPrefix(line, "actions=") {
			for field := range strings.FieldsSeq(line) {
				name, value, _ := strings.Cut(field, "=")
				r.figures[name] = value
			}
		}
	}
	return lines.Err()
}

// listenerIn reads Keycloak's log.
func listenerIn(log string) string {
	switch {
	case strings.Contains(log, "tokenstate: the listener is OFF"):
		return "OFF"
	case !strings.Contains(log, "tokenstate: listener on"):
		return "not loaded"
	// One that failed once was repeated: a Keycloak that the run stops cuts its last look off.
	case strings.Contains(log, "tokenstate: a look failed again and again"), strings.Contains(log, "tokenstate: the look on trial failed"):
		return "on, looks fail"
	}
	return "on"
}

const (
	runsBegin = "<!-- runs: make versions -->"
	runsEnd   = "<!-- end of runs -->"
)

// withRow puts a run into the document's table, in place of an earlier one of the same kind.
func withRow(doc string, r versionRun) (string, error) {
	head, rest, ok := strings.Cut(doc, runsBegin)
	table, tail, ok2 := strings.Cut(rest, runsEnd)
	if !ok || !ok2 {
		return "", errors.New("docs/keycloak-versions.md has lost the marks of its table")
	}
	rows := []string{r.row()}
	for line := range strings.Lines(table) {
		old := cells(line)
		if len(old) > 2 && old[0] != "Keycloak" && !strings.HasPrefix(old[0], "-") && (old[0] != r.version || old[1] != r.switched) {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	slices.SortFunc(rows, func(a, b string) int {
		return cmp.Or(-slices.Compare(numbers(cells(a)[0]), numbers(cells(b)[0])), -strings.Compare(cells(a)[1], cells(b)[1]))
	})
	columns := append([]string{"Keycloak", "wanted", "starts", "listener"}, append(slices.Clone(versionColumns), "date")...)
	return fmt.Sprintf("%s%s\n| %s |\n|%s\n%s\n%s%s", head, runsBegin, strings.Join(columns, " | "),
		strings.Repeat("---|", len(columns)), strings.Join(rows, "\n"), runsEnd, tail), nil
}

func (r *versionRun) row() string {
	all := []string{r.version, r.switched, r.started, r.listener}
	for _, name := range versionColumns {
		all = append(all, cmp.Or(r.figures[name], "-"))
	}
	return "| " + strings.Join(append(all, r.date), " | ") + " |"
}

// cells of a table's line.
func cells(line string) (out []string) {
	for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
		out = append(out, strings.TrimSpace(cell))
	}
	return out
}

func numbers(version string) (out []int) {
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part) // 0 for what is no number
		out = append(out, n)
	}
	return out
}
