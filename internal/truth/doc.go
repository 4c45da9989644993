// Package truth holds the differential test: rounds of random real actions on a real Keycloak,
// then for every token authapi's verdict against Keycloak's own answer to a refresh.
//
// It runs on the whole system: `make truth`. TRUTH_ACTIONS is the number of actions, TRUTH_USERS
// how many people act side by side in a round; TRUTH_SEED repeats the choice of actions (not
// their timing, which Keycloak and the machine have a word in). TRUTH_LISTENER=off starts Keycloak
// with a jar that hears nothing and only serves its resource, none without the jar; TRUTH_FAULTS, such
// as "nats keycloak worker", has one of these parts killed in each round and started again, and among them may be
// "leader" (TRUTH_NATS=3) and "promote" (TRUTH_STANDBY=1).
package truth
