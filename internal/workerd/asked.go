package workerd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeLimit is how long a scrape may wait for Postgres and NATS.
const scrapeLimit = 2 * time.Second

// askedGauges are gauges whose values must be asked for. They are asked side by side: the library asks one GaugeFunc
// after the other, and with a silent Postgres a scrape took three times the limit, which is more than many scrapers wait.
type askedGauges []askedGauge

type askedGauge struct {
	name string
	desc *prometheus.Desc
	ask  func(context.Context) (float64, error)
}

// errNothingYet is for a gauge that has no value yet, which is no fault.
var errNothingYet = errors.New("there is no value yet")

// scrapeError stands beside what could not be asked, of which there is no sample then: a number that means "unknown"
// would be taken for a small one by max and rate.
var scrapeError = prometheus.NewDesc("tokenstate_scrape_error", "1 if the metric of that name could not be asked for, else 0.", []string{"what"}, nil)

func (g *askedGauges) add(name, help string, ask func(context.Context) (float64, error)) {
	*g = append(*g, askedGauge{name, prometheus.NewDesc(name, help, nil, nil), ask})
}

// Describe implements prometheus.Collector.
func (g *askedGauges) Describe(out chan<- *prometheus.Desc) {
	out <- scrapeError
	for _, one := range *g {
		out <- one.desc
	}
}

// Collect implements prometheus.Collector.
func (g *askedGauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, one := range *g {
		all.Go(func() { one.collect(ctx, out) })
	}
	all.Wait()
}

func (g askedGauge) collect(ctx context.Context, out chan<- prometheus.Metric) {
	v, err := g.ask(ctx)
	failed := 0.0
	switch {
	case err == nil:
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, v)
	case !errors.Is(err, errNothingYet):
		failed = 1
	}
	out <- prometheus.MustNewConstMetric(scrapeError, prometheus.GaugeValue, failed, g.name)
}
