package promrules

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func parsed(t *testing.T, where, expr string) parser.Expr {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(grafana.Replace(expr))
	if err != nil {
		t.Fatalf("%s: %s: %v", where, expr, err)
	}
	return e
}

// expressions are those of the rules and of the dashboard, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groups, faults := rulefmt.Parse(raw, false, model.LegacyValidation, parser.NewParser(parser.Options{}), discard)
		for _, err := range faults {
			t.Error(err)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				all[r.Alert+r.Record] = r.Expr
			}
		}
	}
	for _, p := range panels(t) {
		for i, target := range p.Targets {
			all[p.Title+string(rune('A'+i))] = target.Expr
		}
	}
	return all
}

// TestLiveScrape: whatever the rules and the dashboard ask for is given by running programs, with the labels that they
// name. It needs a system in which something has happened: `make docs` runs it.
func TestLiveScrape(t *testing.T) {
	scraped := map[string]*dto.MetricFamily{}
	for _, name := range []string{"WORKER_ADMIN_URL", "AUTHAPI_ADMIN_URL"} {
		url := os.Getenv(name)
		if url == "" {
			t.Skip("there is no running system: make docs")
		}
		if name == "WORKER_ADMIN_URL" {
			counted(t, url+"/metrics")
		}
		maps.Copy(scraped, scrape(t, url+"/metrics"))
	}
	for where, expr := range expressions(t) {
		parser.Inspect(parsed(t, where, expr), func(n parser.Node, path []parser.Node) error {
			if s, ok := n.(*parser.VectorSelector); ok {
				checkSelector(t, where, s, path, scraped)
			}
			return nil
		})
	}
}

// mayLack are metrics that a running system has only in trouble, after some time, or where somebody runs the canary.
var mayLack = map[string]bool{"tokenstate_canary_last_success_timestamp_seconds": true, "tokenstate_canary_success": true, "tokenstate_owners_age_seconds": true, "tokenstate_selftest_findings": true, "tokenstate_snapshot_age_seconds": true, "tokenstate_standby_followed": true, "tokenstate_store_alarm": true}

func checkSelector(t *testing.T, where string, s *parser.VectorSelector, path []parser.Node, scraped map[string]*dto.MetricFamily) {
	t.Helper()
	if strings.HasPrefix(s.Name, "tokenstate:") || mayLack[s.Name] { // recorded
		return
	}
	name := s.Name
	for _, suffix := range []string{"_bucket", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	family := scraped[name]
	if family == nil {
		t.Errorf("%s: no program gives %s", where, s.Name)
		return
	}
	has := map[string]bool{"instance": true, "job": true, "__name__": true, "le": strings.HasSuffix(s.Name, "_bucket")}
	for _, m := range family.GetMetric() {
		for _, l := range m.GetLabel() {
			has[l.GetName()] = true
		}
	}
	for _, m := range s.LabelMatchers {
		if !has[m.Name] {
			t.Errorf("%s: %s has no label %s", where, s.Name, m.Name)
		}
	}
	for _, n := range path {
		if by, ok := n.(*parser.AggregateExpr); ok && !by.Without {
			for _, label := range by.Grouping {
				if !has[label] {
					t.Errorf("%s: %s has no label %s to group by", where, s.Name, label)
				}
			}
		}
	}
}

// counted waits for the worker's first count of its tokens: it counts them every ten seconds, and a quick machine has run the
// documents' commands before that.
func counted(t *testing.T, url string) {
	t.Helper()
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	ends := time.After(2 * time.Minute)
	for scrape(t, url)["tokenstate_tokens"] == nil {
		select {
		case <-every.C:
		case <-ends:
			t.Fatal("the worker has not counted its tokens within two minutes")
		}
	}
}

func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Get(url) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		t.Fatal(err)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return families
}
