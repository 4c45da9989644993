package promrules

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const dashboard = "../../deploy/grafana/tokenstate.json"

type panel struct {
	ID          int
	Type, Title string
	Description string
	FieldConfig struct{ Defaults struct{ Unit string } }
	Targets     []struct{ Expr string }
}

func panels(t *testing.T) []panel {
	t.Helper()
	raw, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ Panels []panel }
	if err := json.Unmarshal(raw, &d); err != nil || len(d.Panels) == 0 {
		t.Fatalf("%s: %d panels, %v", dashboard, len(d.Panels), err)
	}
	return d.Panels
}

// TestDashboard: every panel says what it shows and in which unit, each id is there once, and Prometheus reads each
// expression.
func TestDashboard(t *testing.T) {
	var ids []int
	for _, p := range panels(t) {
		if slices.Contains(ids, p.ID) {
			t.Errorf("%s: another panel has the id %d", p.Title, p.ID)
		}
		ids = append(ids, p.ID)
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("%s lacks a description, a unit or an expression", p.Title)
		}
		for _, target := range p.Targets {
			parsed(t, p.Title, target.Expr)
		}
	}
}

// grafana puts values into an expression before Prometheus sees it.
var grafana = strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*")
