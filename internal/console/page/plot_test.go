package page

import (
	"math"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

// Ensure rates and latencies come from what has been added since the scrape before, over all
// programs, and that a program which began anew, or has not been asked before, adds no nonsense.
func TestReckon(t *testing.T) {
	inf := math.Inf(1)
	at := func(s int, decided float64, fast, all float64) Scrape {
		return Scrape{
			At: began.Add(time.Duration(s) * time.Second), Counters: map[string]float64{"decisions/x": decided},
			Buckets: map[string]map[float64]float64{"latency/enforced": {1: fast, 2: all, inf: all}},
		}
	}
	before := map[string]Scrape{"a": at(0, 100, 10, 20), "b": at(0, 1000, 0, 0)}
	now := map[string]Scrape{"a": at(10, 150, 60, 120), "b": at(10, 30, 0, 0), "new": at(10, 9999, 5, 5)}
	got := Reckon(began, before, now).Values
	want := map[string]float64{"decisions/x": 5 + 3, "latency/enforced p50": 1, "latency/enforced p99": 1.98}
	for name, v := range want {
		if math.Abs(got[name]-v) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	quiet := Reckon(began, now, map[string]Scrape{"a": at(20, 150, 60, 120)}).Values
	if _, ok := quiet["latency/enforced p99"]; ok || quiet["decisions/x"] != 0 {
		t.Errorf("nothing happened: %v", quiet)
	}
}

// Ensure a quantile beyond the longest bucket is at least that bucket, and never a number that is none.
func TestQuantileBeyondTheBuckets(t *testing.T) {
	if v := quantile(map[float64]float64{1: 0, 2: 0, math.Inf(1): 10}, 0.99); v != 2 {
		t.Errorf("%v", v)
	}
}

// Ensure a plot has a gap where nothing was measured, its table has means of half an hour, and no more
// series than can be told apart.
func TestPlotsOf(t *testing.T) {
	var samples []Sample
	for i := range 130 { // 65 minutes
		s := Sample{At: began.Add(time.Duration(i) * 30 * time.Second), Values: map[string]float64{"decisions/a": float64(i % 2), "knowledge/age": math.NaN()}}
		if i < 60 {
			delete(s.Values, "decisions/a")
		}
		for n := range 20 {
			s.Values["refreshes/"+string(rune('a'+n))] = 1
		}
		samples = append(samples, s)
	}
	plots := PlotsOf(samples)
	d := plots[0]
	if d.Values[0][0] != nil || d.Values[0][61] == nil || *d.Values[0][61] != 1 || len(d.Times) != 130 {
		t.Errorf("decisions: %+v", d.Series)
	}
	if len(d.Rows) != 3 || d.Rows[2].Values[0] != nil || *d.Rows[1].Values[0] != 0.5 || !d.Rows[2].At.Equal(began) {
		t.Errorf("the table: %+v", d.Rows)
	}
	if len(plots[1].Series) != maxSeries || plots[3].Values[0][0] != nil {
		t.Errorf("refreshes %v, age %v", plots[1].Series, plots[3].Values[0][0])
	}
	if got := PlotsOf(nil); len(got) != len(Pictures) || got[0].Rows != nil {
		t.Errorf("nothing yet: %+v", got)
	}
}
