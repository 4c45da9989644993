package apikey

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// BenchmarkMatches_WelchT compares how long a wrong secret of a known id takes with an unknown id,
// and a secret that is wrong at once with one that is wrong at its end. Below 4.5 the times do not
// tell them apart: go test -bench WelchT -benchtime 1000000x ./internal/apikey
func BenchmarkMatches_WelchT(b *testing.B) {
	ps := Peppers{{"new", secret.New("n")}, {"old", secret.New("o")}}
	right := Format(Entropy{ID: [8]byte{1}, Secret: [32]byte{1}})
	known := Record{ID: right.ID, PepperID: "old", Digest: Digest(ps[1], right)}
	wrong := Format(Entropy{ID: [8]byte{1}, Secret: [32]byte{2}})
	near := known
	near.Digest = Digest(ps[1], wrong)
	near.Digest[31] ^= 1 // differs in the last bit only
	for name, pair := range map[string][2]Record{
		"known-unknown": {known, {}},
		"early-late":    {known, near},
	} {
		b.Run(name, func(b *testing.B) {
			var took [2][]float64
			for range b.N {
				i := rand.IntN(2)
				began := time.Now()
				for range 4 {
					if ps.Matches(pair[i], wrong) {
						b.Fatal("a wrong secret matches")
					}
				}
				took[i] = append(took[i], float64(time.Since(began)))
			}
			b.ReportMetric(math.Abs(welch(took[0], took[1])), "welch-t")
		})
	}
}

// welch is the t of two samples without their slowest hundredth, which is the scheduler's.
func welch(a, b []float64) float64 {
	all := slices.Sorted(slices.Values(append(slices.Clone(a), b...)))
	if len(all) < 1000 {
		return 0
	}
	limit := all[len(all)*99/100]
	ma, va, na := moments(a, limit)
	mb, vb, nb := moments(b, limit)
	return (ma - mb) / math.Sqrt(va/na+vb/nb)
}

func moments(all []float64, limit float64) (mean, variance, n float64) {
	var sum, squares float64
	for _, x := range all {
		if x <= limit {
			n, sum, squares = n+1, sum+x, squares+x*x
		}
	}
	mean = sum / n
	return mean, squares/n - mean*mean, n
}
