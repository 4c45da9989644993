// Package ahead reads while what was read before is used.
package ahead

import (
	"context"
	"errors"
	"io"
	"iter"
)

// step is what a stage gives; an error is the last.
type step[T any] struct {
	value T
	err   error
}

// Read gives what read gives, until its io.EOF, as make has made it: while one is used the next is made, and the one behind
// that is read, each in a goroutine of its own, which have ended when Read has. An error ends it.
func Read[T, U any](ctx context.Context, read func(context.Context) (T, error), made func(T) (U, error)) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		within, cancel := context.WithCancel(ctx)
		first := start(within, func() (T, error) { return read(within) })
		second := start(within, func() (u U, err error) {
			s, ok := <-first
			if !ok || s.err != nil { // it gives no error only where within has ended
				return u, errors.Join(s.err, within.Err())
			}
			return made(s.value)
		})
		defer func() {
			cancel()
			for range second {
			}
			for range first {
			}
		}()
		for s := range second {
			if errors.Is(s.err, io.EOF) || !yield(s.value, s.err) || s.err != nil {
				return
			}
		}
		var none U
		yield(none, within.Err())
	}
}

// start runs a stage, which is at most one step ahead.
func start[T any](ctx context.Context, next func() (T, error)) <-chan step[T] {
	steps := make(chan step[T])
	go func() {
		defer close(steps)
		for {
			v, err := next()
			select {
			case steps <- step[T]{v, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return steps
}
