// Package apikey is what an API key is and whether it is admitted: its format, its digest,
// secrets derived for system keys, and Admit. It is pure: randomness and the present second
// are arguments, so that every rule can be tested exactly.
//
// A key's fate hangs on the key and on its owner's standing. It never hangs on an offline
// token: a logout stops refreshes and must leave keys alone (design.md 2.4 and 2.5).
package apikey
