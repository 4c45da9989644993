// Package tokenstate says what the log means: which offline tokens still work, and what an
// API key's owner is. It is pure: no clock, no IO, and it imports only internal/events.
//
//	Learn(message) → Facts      what one message teaches, whatever tokens are stored
//	Join(a, b)                  associative, commutative, idempotent: replay is recovery
//	Judge(token, facts, rules)  the verdict, computed and never stored
//	Owner(realm, user, facts)   what an API key's owner is
//	Due(...)                    whom to look at next
//
// Every fact is one value of a total order (Rank) under a key, and Join keeps the greater.
// That is the whole merge, in Go and in SQL; see docs/decisions for why gone and listed are
// rows of their own. In memory all that is known of one subject lies on one sheet (docs/scale.md).
package tokenstate
