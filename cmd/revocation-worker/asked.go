package main

import (
	"context"
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
	desc *prometheus.Desc
	ask  func(context.Context) float64
}

func (g *askedGauges) add(name, help string, ask func(context.Context) float64) {
	*g = append(*g, askedGauge{prometheus.NewDesc(name, help, nil, nil), ask})
}

// Describe implements prometheus.Collector.
func (g askedGauges) Describe(out chan<- *prometheus.Desc) {
	for _, one := range g {
		out <- one.desc
	}
}

// Collect implements prometheus.Collector.
func (g askedGauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, one := range g {
		all.Go(func() { out <- prometheus.MustNewConstMetric(one.desc, prometheus.GaugeValue, one.ask(ctx)) })
	}
	all.Wait()
}
