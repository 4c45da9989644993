package ops

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v3"
)

// TimeFlag is a flag for a time, which Time reads. (The library's own says of what is none how Go would have read it.)
func TimeFlag(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: usage + " (2026-01-02T15:04:05Z)"}
}

// Time is what a TimeFlag gives; the zero time if it was left out.
func Time(cmd *cli.Command, name string) (time.Time, error) {
	if !cmd.IsSet(name) {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, cmd.String(name))
	if err != nil {
		return at, fmt.Errorf("%w: --%s is a time such as 2026-01-02T15:04:05Z", ErrUsage, name)
	}
	return at, nil
}

// LimitFlag bounds a list, and Limit reads it.
func LimitFlag(most int) cli.Flag {
	return &cli.IntFlag{Name: "limit", Value: most, Usage: "at most so many"}
}

// Limit is what a LimitFlag gives.
func Limit(cmd *cli.Command) (int, error) {
	n := cmd.Int("limit")
	if n < 1 {
		return n, fmt.Errorf("%w: --limit is a number from 1 on", ErrUsage)
	}
	return n, nil
}
