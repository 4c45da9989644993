package apikey

import (
	"regexp"
	"strings"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Organization is an organization's id as it is kept and compared: a UUID in small letters, for others write it in any. All
// else is taken as it is.
func Organization(id string) string {
	if uuid.MatchString(id) {
		return strings.ToLower(id)
	}
	return id
}
