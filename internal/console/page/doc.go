// Package page turns what is known into what the console's pages show. It is pure: no clock, no IO,
// no HTML. A template prints its values and decides nothing.
package page
