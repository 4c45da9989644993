// Package events turns the bytes of one log message into what happened, and back.
//
// It has no clock and no IO: the standard library's pure parts, and internal/strictjson. Decode is
// strict about what it needs (version, ids, times, sizes) and lenient about what it does not
// know (unknown members are ignored), because a message that is refused here is parked and
// a revocation that is parked is late.
//
// What a message means is not decided here but in internal/tokenstate.
package events
