package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

// Ensure every command and flag of ours that a document names exists.
func TestDocumentedCommandsExist(t *testing.T) {
	docs, err := filepath.Glob("../../docs/*.md")
	must(t, err)
	docs = append(docs, "../../README.md", "../../SECURITY.md", "../../deploy/prometheus/alerts.yml")
	found := 0
	for _, doc := range docs {
		raw, err := os.ReadFile(doc)
		must(t, err)
		for _, m := range regexp.MustCompile("(?m)[`\n]revocation-worker ([^`\n#]+)").FindAllStringSubmatch(string(raw), -1) {
			found++
			check(t, doc, strings.Fields(m[1]))
		}
	}
	if found < 15 {
		t.Fatalf("only %d commands are documented, or they are not found", found)
	}
}

func check(t *testing.T, doc string, words []string) {
	t.Helper()
	cmd := program()
	for _, w := range words {
		name, isFlag := strings.CutPrefix(strings.TrimRight(w, ".,;:)"), "--")
		switch {
		case isFlag && !hasFlag(cmd, name):
			t.Errorf("%s: revocation-worker %s has no flag --%s", doc, cmd.Name, name)
		case isFlag || len(cmd.Commands) == 0:
		case cmd.Command(w) == nil:
			t.Errorf("%s: no command %q in %q", doc, w, words)
			return
		default:
			cmd = cmd.Command(w)
		}
	}
}

func hasFlag(cmd *cli.Command, name string) bool {
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return true
		}
	}
	return false
}

// Ensure every command that says something says it in JSON, too.
func TestCommandsHaveOutput(t *testing.T) {
	var look func(path string, c *cli.Command)
	look = func(path string, c *cli.Command) {
		path += " " + c.Name
		for _, sub := range c.Commands {
			look(path, sub)
		}
		if len(c.Commands) == 0 && c.Name != "run" && !hasFlag(c, "o") {
			t.Errorf("%s has no -o", path)
		}
	}
	look("", program())
}
