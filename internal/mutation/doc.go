// Package mutation takes rules of the core and of the Keycloak listener out, one at a time, and
// demands that a test goes red.
//
// `make mutations` compiles each mutant with go's -overlay, so that the tree is never touched,
// runs the core's own tests on it and prints a table: rule, and the first test that caught it.
// With MUTATION_TRUTH=1 it also runs `make truth` on those that are marked for it, seed by seed,
// until one is caught. The listener's mutants are made in a copy of its project, where Maven runs
// its tests. A mutant that survives fails the run, and so does one that does not compile or fit
// the code any more.
package mutation
