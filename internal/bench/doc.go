// Package bench measures what a population of users and tokens costs: the memory of a projection, and the time of each
// question that is asked of it. `make bench` prints a table of it, with the goal of each row.
package bench
