// Package sim plays random histories of a small model of Keycloak through the real core: Learn, Join, Judge,
// Owner and Due. The model knows what is true at every instant; the core sees only what the log would bring it:
// events and looks of nodes whose clocks differ, rows of the event store, answers of the admin API that may be
// stale, pages and orders; late, twice, out of order, or not at all. Once nobody is due to be looked at any more,
// each verdict must be the model's answer, unless it says itself that it is in doubt.
//
// docs/simulator.md says how to run it and what it found.
package sim
