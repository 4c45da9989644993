package keycloak

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	breakerFailures = 5 // in a row; then Keycloak is left alone for BreakerDelay
	retryDelayMin   = 50 * time.Millisecond
	retryDelayMax   = 200 * time.Millisecond
)

type policies struct{ executor failsafe.Executor[*answer] }

func (p policies) run(ctx context.Context, fn func() (*answer, error)) (*answer, error) {
	return p.executor.WithContext(ctx).Get(fn)
}

// newBreaker counts what shows that Keycloak, or the way to it, is in trouble.
// A caller who gave up and a plain refusal show nothing of the kind.
func newBreaker(delay time.Duration) circuitbreaker.CircuitBreaker[*answer] {
	return circuitbreaker.NewBuilder[*answer]().
		HandleIf(func(_ *answer, err error) bool {
			var u *UnavailableError
			return errors.As(err, &u) && !u.ours && !errors.Is(u, ErrTooLarge)
		}).
		WithFailureThreshold(breakerFailures).
		WithDelay(delay).
		Build()
}

// newPolicies gives the chain for calls that write and the one for calls that
// only read. The retry is outside the breaker, so both attempts count.
func newPolicies(b circuitbreaker.CircuitBreaker[*answer]) (once, twice policies) {
	retry := retrypolicy.NewBuilder[*answer]().
		HandleIf(func(_ *answer, err error) bool {
			var u *UnavailableError
			return errors.As(err, &u) && u.again && !u.ours
		}).
		WithMaxRetries(1).
		WithRandomDelay(retryDelayMin, retryDelayMax).
		ReturnLastFailure().
		Build()
	return policies{failsafe.With[*answer](b)}, policies{failsafe.With[*answer](retry, b)}
}
