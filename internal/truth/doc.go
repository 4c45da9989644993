// Package truth holds the differential test: rounds of random real actions on a real Keycloak,
// then for every token authapi's verdict against Keycloak's own answer to a refresh.
//
// It runs on the whole system: `make truth`. TRUTH_ACTIONS is the number of actions of a round,
// TRUTH_ROUNDS and TRUTH_USERS are how many of each; TRUTH_SEED repeats the choice of actions
// (not their timing, which Keycloak and the machine have a word in).
package truth
