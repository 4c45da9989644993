//go:build !race

package projection

// histories is how many histories of chance one goroutine plays; raced_test.go has fewer.
const histories = 60
