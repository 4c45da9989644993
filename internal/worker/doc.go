// Package worker is the program between the log and the store: it decodes, learns, folds, and
// applies one batch per transaction. The commit is the acknowledgement; the store's
// compare-and-set on the floor decides who is active (design.md 5).
//
// It knows no technology: Log and Store are joined to JetStream and Postgres in cmd.
package worker
