package consoletest

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// Checks are half done until somebody lets them end.
type Checks struct {
	Go chan error // what the check that runs ends with
}

// Verify implements console.Checks: all is as it should be.
func (c *Checks) Verify(ctx context.Context, seen func(done, of int64)) (page.Outcome, error) {
	return page.Outcome{Sound: true, Found: "4690 journal lines were compared, and they agree."}, c.wait(ctx, seen)
}

// Replay implements console.Checks: two verdicts would change.
func (c *Checks) Replay(ctx context.Context, seen func(done, of int64)) (page.Outcome, error) {
	lines := []string{"key K000000001 of user <b>u</b> of realm demo: admitted → refused user_disabled, because of order-000001", "another"}
	return page.Outcome{Found: "4690 messages were read; 2 verdicts would change.", Lines: lines}, c.wait(ctx, seen)
}

func (c *Checks) wait(ctx context.Context, seen func(done, of int64)) error {
	seen(2000, 4690)
	select {
	case err := <-c.Go:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
