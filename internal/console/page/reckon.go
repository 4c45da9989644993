package page

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Scrape is what one program's metrics said at one time.
type Scrape struct {
	At       time.Time
	Counters map[string]float64             // by series
	Buckets  map[string]map[float64]float64 // of histograms: how many were at most so long, by series
}

// Reckon makes a sample of what each program said before and says now. A program that began anew
// counts from nothing; one that was not asked before, or is not answered, has no part in it.
func Reckon(at time.Time, before, now map[string]Scrape) Sample {
	s := Sample{At: at, Values: map[string]float64{}}
	buckets := map[string]map[float64]float64{}
	for program, is := range now {
		was, known := before[program]
		seconds := is.At.Sub(was.At).Seconds()
		if !known || seconds <= 0 {
			continue
		}
		for name, n := range is.Counters {
			s.Values[name] += since(was.Counters[name], n) / seconds
		}
		for name, b := range is.Buckets {
			if buckets[name] == nil {
				buckets[name] = map[float64]float64{}
			}
			for most, n := range b {
				buckets[name][most] += since(was.Buckets[name][most], n)
			}
		}
	}
	for name, b := range buckets {
		if b[math.Inf(1)] > 0 {
			s.Values[name+" p50"], s.Values[name+" p99"] = quantile(b, 0.5), quantile(b, 0.99)
		}
	}
	return s
}

func since(was, is float64) float64 {
	if is < was {
		return is
	}
	return is - was
}

// quantile is the length that this share of all did not exceed. Within a bucket they are taken to
// lie evenly.
func quantile(buckets map[float64]float64, share float64) float64 {
	bounds := slices.Sorted(maps.Keys(buckets))
	want, lower, below := share*buckets[math.Inf(1)], 0.0, 0.0
	for _, most := range bounds {
		n := buckets[most]
		if n >= want && n > below {
			if math.IsInf(most, 1) {
				return lower // longer than the longest bucket: at least that
			}
			return lower + (most-lower)*(want-below)/(n-below)
		}
		lower, below = most, n
	}
	return lower
}
