package promrules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
)

// An hour is what most stories take; who lets something wait longer has a longer step.
const steps = 60

// calm is a deployment in order: series, and their samples in Prometheus' notation for tests.
var calm = map[string]string{
	`tokenstate_worker_active{instance="w1"}`:                                  "1x60",
	`tokenstate_worker_active{instance="w2"}`:                                  "0x60",
	`tokenstate_log_lag_messages`:                                              "3x60",
	`tokenstate_log_losses_total`:                                              "0x60",
	`tokenstate_parked_messages`:                                               "0x60",
	`tokenstate_batch_failures`:                                                "0x60",
	`tokenstate_log_unwritable`:                                                "0x60",
	`tokenstate_outbox_oldest_seconds`:                                         "0x60",
	`tokenstate_knowledge_age_seconds`:                                         "2x60",
	`tokenstate_standing_stale`:                                                "0x60",
	`tokenstate_listener_age_seconds`:                                          "2x60",
	`tokenstate_listener_age_seconds{node="kc1"}`:                              "2x60",
	`tokenstate_listener_dropped{node="kc1"}`:                                  "4x60",
	`tokenstate_listener_oldest_seconds{node="kc1"}`:                           "0x60",
	`tokenstate_oldest_doubt_seconds`:                                          "1x60",
	`tokenstate_sweep_age_seconds`:                                             "20000x60",
	`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="0.64"}`: "0+60x60",
	`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="5.12"}`: "0+60x60",
	`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="+Inf"}`: "0+60x60",
	`tokenstate_revocation_latency_seconds_count{stage="enforced"}`:            "0+60x60",
	`tokenstate_refreshes_total{outcome="fresh"}`:                              "0+60x60",
	`tokenstate_refreshes_total{outcome="unavailable"}`:                        "0x60",
	`tokenstate_panics_total`:                                                  "0x60",
	`tokenstate_decisions_total{decision="allow",reason=""}`:                   "0+600x60",
	`tokenstate_decisions_total{decision="deny",reason="undecidable"}`:         "0x60",
	`tokenstate_feed_version{instance="a1"}`:                                   "0+5x60",
	`tokenstate_feed_version{instance="a2"}`:                                   "0+5x60",
	`tokenstate_database_age_seconds{instance="a1"}`:                           "1x60",
	`tokenstate_standby_followed{instance="a1"}`:                               "1x60",
	`tokenstate_scrape_error{what="tokenstate_log_lag_messages"}`:              "0x60",
	`tokenstate_selftest_findings{level="fault"}`:                              "0x60",
	`tokenstate_selftest_timestamp_seconds`:                                    "1+STEPx60",
	`tokenstate_snapshot_age_seconds{instance="a1"}`:                           "30x60",
	`tokenstate_audit_lost_total`:                                              "0x60",
	`tokenstate_shed_total{kind="queue"}`:                                      "0x60",
	`tokenstate_unopened_tokens_total`:                                         "0x60",
	`tokenstate_build_info{version="0.1.0",instance="w1"}`:                     "1x60",
	`tokenstate_build_info{version="0.1.0",instance="a1"}`:                     "1x60",
	`tokenstate_canary_success`:                                                "1x60",
	`tokenstate_canary_last_success_timestamp_seconds`:                         "0+STEPx60",
}

// story is what goes wrong: series in the place of calm's, "" for one that is not there any more.
type story struct {
	series map[string]string
	step   time.Duration // between samples; 0: a minute
}

func one(series, samples string) story { return story{series: map[string]string{series: samples}} }

// stories fire the alerts of their names.
var stories = map[string]story{
	"TokenstateNoActiveWorker":       one(`tokenstate_worker_active{instance="w1"}`, "1x20 0x40"),
	"TokenstateLogLag":               one(`tokenstate_log_lag_messages`, "3x20 2000x40"),
	"TokenstateLogLoss":              one(`tokenstate_log_losses_total`, "0x20 1x40"),
	"TokenstateParked":               one(`tokenstate_parked_messages`, "0x20 1x40"),
	"TokenstateNoticesParked":        one(`tokenstate_parked_notices`, "0x20 1x40"),
	"TokenstateBatchFails":           one(`tokenstate_batch_failures`, "0x20 3x40"),
	"TokenstateLogUnwritable":        one(`tokenstate_log_unwritable`, "0x20 1x40"),
	"TokenstateOutboxStuck":          one(`tokenstate_outbox_oldest_seconds`, "0x20 0+60x40"),
	"TokenstateBlind":                one(`tokenstate_knowledge_age_seconds`, "2x20 2+60x40"),
	"TokenstateStandingStale":        one(`tokenstate_standing_stale`, "0x20 1x40"),
	"TokenstateListenerSilent":       one(`tokenstate_listener_age_seconds`, "2x20 2+60x40"),
	"TokenstateNodeSilent":           one(`tokenstate_listener_age_seconds{node="kc1"}`, "2x20 2+60x40"),
	"TokenstateListenerDropped":      one(`tokenstate_listener_dropped{node="kc1"}`, "4x20 9x40"),
	"TokenstateListenerBehind":       one(`tokenstate_listener_oldest_seconds{node="kc1"}`, "0x20 0+60x40"),
	"TokenstateStoreAlarm":           one(`tokenstate_store_alarm{realm="demo"}`, "1x60"),
	"TokenstateDoubtOld":             one(`tokenstate_oldest_doubt_seconds`, "1x20 0+60x40"),
	"TokenstateSweepOld":             one(`tokenstate_sweep_age_seconds`, "43000+60x60"),
	"TokenstateScrapeFails":          one(`tokenstate_scrape_error{what="tokenstate_log_lag_messages"}`, "0x20 1x40"),
	"TokenstateSelftestFault":        one(`tokenstate_selftest_findings{level="fault"}`, "0x20 1x40"),
	"TokenstateSnapshotOld":          one(`tokenstate_snapshot_age_seconds{instance="a1"}`, "30+60x60"),
	"TokenstateAuditLost":            one(`tokenstate_audit_lost_total`, "0x20 3x40"),
	"TokenstateShedding":             one(`tokenstate_shed_total{kind="queue"}`, "0x20 0+600x40"),
	"TokenstateUnopenedTokens":       one(`tokenstate_unopened_tokens_total`, "0x20 1x40"),
	"TokenstateReplicaBehind":        one(`tokenstate_feed_version{instance="a2"}`, "0+5x20 100x40"),
	"TokenstateDatabaseOld":          one(`tokenstate_database_age_seconds{instance="a1"}`, "1x20 0+60x40"),
	"TokenstateStandbyNotFollowed":   one(`tokenstate_standby_followed{instance="a1"}`, "1x20 0x40"),
	"TokenstateDecisionsFail":        one(`tokenstate_panics_total`, "0x20 1x40"),
	"TokenstateCanary":               one(`tokenstate_canary_success`, "1x20 0x40"),
	"TokenstateSelftestOld":          {map[string]string{`tokenstate_selftest_timestamp_seconds`: "1x60"}, 10 * time.Minute},
	"TokenstateVersionSkew":          {map[string]string{`tokenstate_build_info{version="0.2.0",instance="a1"}`: "1x60"}, time.Hour},
	"TokenstateRefreshesUnavailable": one(`tokenstate_refreshes_total{outcome="unavailable"}`, "0x20 0+60x40"),
	"TokenstateAuthapiGone": {series: map[string]string{
		`tokenstate_decisions_total{decision="allow",reason=""}`: "", `tokenstate_decisions_total{decision="deny",reason="undecidable"}`: "",
	}},
	"TokenstateSlow": {series: map[string]string{
		`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="0.64"}`:  "0x60",
		`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="5.12"}`:  "0x60",
		`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="20.48"}`: "0+60x60",
	}},
	"TokenstateEnforcedBudget": one(`tokenstate_revocation_latency_seconds_bucket{stage="enforced",le="5.12"}`, "0+30x60"),
	"TokenstateDecidedBudget":  one(`tokenstate_decisions_total{decision="deny",reason="undecidable"}`, "0x20 0+60x40"),
}

// TestAlertsFire: a deployment in order is quiet, and each alert has a story in which it fires, as its "for" has it.
func TestAlertsFire(t *testing.T) {
	for _, step := range []time.Duration{time.Minute, time.Hour} {
		if fired := fired(t, story{step: step}); len(fired) > 0 {
			t.Errorf("nothing is wrong, in steps of %s, and these fire: %v", step, fired)
		}
	}
	for _, name := range alerts(t) {
		s, told := stories[name]
		if !told {
			t.Errorf("%s has no story: nobody knows whether it can fire", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if fired := fired(t, s); !slices.Contains(fired, name) {
				t.Errorf("it does not fire; these do: %v", fired)
			}
		})
	}
}

func groups(t *testing.T) []rulefmt.RuleGroup {
	t.Helper()
	all, faults := rulefmt.ParseFile("../../deploy/prometheus/alerts.yml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), discard)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return all.Groups
}

func alerts(t *testing.T) (names []string) {
	t.Helper()
	for _, g := range groups(t) {
		for _, r := range g.Rules {
			if r.Alert != "" {
				names = append(names, r.Alert)
			}
		}
	}
	return names
}

// load writes a story in Prometheus' notation.
func (s story) load() string {
	series := maps.Clone(calm)
	maps.Copy(series, s.series)
	if _, ok := s.series[`tokenstate_build_info{version="0.2.0",instance="a1"}`]; ok {
		delete(series, `tokenstate_build_info{version="0.1.0",instance="a1"}`)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "load %ds\n", int(s.step.Seconds()))
	for _, name := range slices.Sorted(maps.Keys(series)) {
		if samples := series[name]; samples != "" {
			fmt.Fprintf(&b, "  %s %s\n", name, strings.ReplaceAll(samples, "STEP", fmt.Sprint(int(s.step.Seconds()))))
		}
	}
	return b.String()
}

// fired are the alerts that fire at any time of a story. What rules record is kept for the alerts that ask for it.
func fired(t *testing.T, s story) []string {
	t.Helper()
	if s.step == 0 {
		s.step = time.Minute
	}
	data := promqltest.LoadedStorage(t, s.load())
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: s.step + time.Minute})
	query := rules.EngineQueryFunc(engine, data)
	recorded, alerting := made(t)
	var out []string
	for n := range steps + 1 {
		at := time.Unix(0, 0).Add(time.Duration(n) * s.step)
		for _, r := range recorded {
			v, err := r.Eval(t.Context(), 0, at, query, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			keep(t, data, at, v)
		}
		for _, r := range alerting {
			if _, err := r.Eval(t.Context(), 0, at, query, nil, 0); err != nil {
				t.Fatal(err)
			}
			fires := slices.ContainsFunc(r.ActiveAlerts(), func(a *rules.Alert) bool { return a.State == rules.StateFiring })
			if fires && !slices.Contains(out, r.Name()) {
				out = append(out, r.Name())
			}
		}
	}
	return out
}

func made(t *testing.T) (recorded []*rules.RecordingRule, alerting []*rules.AlertingRule) {
	t.Helper()
	for _, g := range groups(t) {
		for _, r := range g.Rules {
			expr := parsed(t, r.Record+r.Alert, r.Expr)
			if r.Record != "" {
				recorded = append(recorded, rules.NewRecordingRule(r.Record, expr, labels.EmptyLabels()))
				continue
			}
			alerting = append(alerting, rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), 0,
				labels.FromMap(r.Labels), labels.EmptyLabels(), labels.EmptyLabels(), "", true, discard))
		}
	}
	return recorded, alerting
}

func keep(t *testing.T, data storage.Storage, at time.Time, v promql.Vector) {
	t.Helper()
	app := data.Appender(t.Context())
	for _, one := range v {
		if _, err := app.Append(0, one.Metric, at.UnixMilli(), one.F); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}
