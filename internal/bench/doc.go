// Package bench measures what a population of users and tokens costs: the memory of a projection, and the time of each
// question that is asked of it. `make bench` prints a table of it, with the goal of each row; BENCH_JSON names a file
// that gets the same table.
//
// A row compares with a peer or a physical limit that was measured in the same run, wherever there is one, for a time
// alone says more of the machine than of the program. Rows that are measured together are a group of groups; BENCH_ONLY
// is a pattern of the groups' names.
package bench
