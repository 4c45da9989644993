//go:build race

package projection

// histories of chance that one goroutine plays: the race detector makes each ten times as slow and sees nothing in them,
// so it gets a few, and `make test` plays all of them without it.
const histories = 6
