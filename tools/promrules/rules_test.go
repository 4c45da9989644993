// Package promrules checks the shipped alert rules with Prometheus' own parser. It is a module of
// its own, for Prometheus' modules are many and no program needs them.
package promrules

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// discard takes what the parser would log.
var discard = slog.New(slog.DiscardHandler)

const shipped = "../../deploy/prometheus/*.yml"

// annotations are the only ones that we use. With the names of Prometheus 3 every text is a valid
// name, so that only this list finds a sentence that a comma has cut into two annotations.
var annotations = []string{"summary", "description", "runbook_url"}

// TestShippedRulesLoad: Prometheus 2 takes legacy names alone, Prometheus 3 takes UTF-8, and a file
// that does not load keeps a Prometheus from starting.
func TestShippedRulesLoad(t *testing.T) {
	files, err := filepath.Glob(shipped)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file at %s: %v", shipped, err)
	}
	for _, file := range files {
		for _, scheme := range []model.ValidationScheme{model.LegacyValidation, model.UTF8Validation} {
			t.Run(filepath.Base(file)+" "+scheme.String(), func(t *testing.T) { load(t, file, scheme) })
		}
	}
}

func load(t *testing.T, file string, scheme model.ValidationScheme) {
	t.Helper()
	groups, faults := rulefmt.ParseFile(file, false, scheme, parser.NewParser(parser.Options{}), discard)
	for _, err := range faults {
		t.Error(err)
	}
	if groups == nil {
		t.Fatal("no groups were read")
	}
	rules := 0
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Alert != "" {
				checkAnnotations(t, r)
			}
		}
	}
	if rules == 0 {
		t.Error("the file holds no rule")
	}
}

func checkAnnotations(t *testing.T, r rulefmt.Rule) {
	t.Helper()
	for _, name := range annotations {
		if r.Annotations[name] == "" {
			t.Errorf("%s: the %s is missing", r.Alert, name)
		}
	}
	for name := range r.Annotations {
		if !slices.Contains(annotations, name) {
			t.Errorf("%s: %q is no annotation that we use %v; was it a part of a sentence?", r.Alert, name, annotations)
		}
	}
}
