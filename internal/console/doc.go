// Package console shows people what tokenstate knows, and lets operators give orders. It is a program
// of its own beside authapi's serve: nothing of it can slow a decision.
//
// It reads: its own projection for verdicts, Postgres (role tokenstate_console) for lists. It changes
// nothing itself: an order goes through authapi's HTTP API, with the person's name. It links no
// secret but its own sessions, and renders pages on the server, so that each works without script.
//
// The pages' contents are worked out in page, which is pure. A handler here gathers what page is told.
package console
