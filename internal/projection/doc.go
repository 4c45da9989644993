// Package projection is the read model: facts, tokens and keys in memory, following the feed.
// authapi decides from it and the worker asks it whom to look at, without a database call for
// what it knows (design.md 6).
//
// A snapshot is loaded whole; then versions are installed in order. Whatever does not fit (a
// gap, another nonce, a new epoch) loads a new snapshot beside the old one, which goes on
// answering until then: never empty, and never a mixture of two histories.
package projection
