package ahead

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// upTo reads 1 to n, and then end.
func upTo(n int, end error) func(context.Context) (int, error) {
	i := 0
	return func(context.Context) (int, error) {
		if i++; i > n {
			return 0, end
		}
		return i, nil
	}
}

var errAway = errors.New("away")

func double(i int) (int, error) {
	if i == 7 {
		return 0, errAway
	}
	return 2 * i, nil
}

// Ensure all is given in order up to the end, or to the first error, whichever stage it comes from.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		n    int
		end  error
		sum  int
		want error
	}{{5, io.EOF, 30, nil}, {0, io.EOF, 0, nil}, {5, errAway, 30, errAway}, {9, io.EOF, 42, errAway}} {
		sum, last := 0, 0
		var err error
		for v, e := range Read(t.Context(), upTo(c.n, c.end), double) {
			if err = e; err != nil {
				continue // nothing may follow
			}
			if v <= last {
				t.Errorf("%d after %d", v, last)
			}
			last, sum = v, sum+v
		}
		if sum != c.sum || !errors.Is(err, c.want) {
			t.Errorf("%d, then %v: %d in all and %v", c.n, c.end, sum, err)
		}
	}
}

// Ensure whoever has enough leaves no reader behind, not even one that waits for what never comes.
func TestReadEnds(t *testing.T) {
	read := upTo(2, nil)
	for _, err := range Read(t.Context(), func(ctx context.Context) (int, error) {
		if i, _ := read(ctx); i != 0 {
			return i, nil
		}
		<-ctx.Done()
		return 0, ctx.Err()
	}, double) {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

// Ensure an end of the context is no end of what there is.
func TestReadIsCutOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var err error
	for _, e := range Read(ctx, upTo(1_000_000_000, io.EOF), func(i int) (int, error) { return i, nil }) {
		if err = e; err != nil {
			break
		}
		if n++; n == 3 {
			cancel()
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after %d: %v", n, err)
	}
}
