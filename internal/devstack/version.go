package devstack

import (
	"strconv"
	"strings"
)

// sinceMinor says whether a version of Keycloak 26 is 26.minor or later. What it cannot read
// counts as the newest: a nightly build is one.
func sinceMinor(version string, minor int) bool {
	rest, ok := strings.CutPrefix(version, "26.")
	if !ok {
		return true
	}
	text, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(text)
	return err != nil || n >= minor
}
