// Package mapmodel is how verdicts were computed while facts lay in maps, each under its whole key: slow, and plain. It is
// for tests alone, which hold tokenstate's sheets to it for random histories: they say that the form changed and the meaning
// did not. Whoever changes a rule changes it here as well, which is the price of a second opinion.
package mapmodel
