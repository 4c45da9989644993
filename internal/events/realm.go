package events

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRealm bounds a realm's name, in bytes: Keycloak's own limit is 255 characters.
const maxRealm = 255

// ValidRealm reports whether name may name a realm in the log: any name that Keycloak takes, of at
// most 255 bytes of UTF-8 without control characters. "_" stands for no realm.
func ValidRealm(name string) bool {
	return name != NoRealm && name != "" && len(name) <= maxRealm && utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsControl) < 0
}

// RealmToken is the realm's token of a subject: letters, digits, '_' and '-' stand for themselves, and
// each other byte of the UTF-8 form is '=' and two upper-case hexadecimal digits. A name may hold
// dots, spaces and wildcards, which a subject's token may not. The listener has the same rule, and
// testdata/realm_tokens.json holds both to it.
func RealmToken(name string) string {
	var out strings.Builder
	for _, b := range []byte(name) {
		if plainInSubject(b) {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "=%02X", b)
		}
	}
	return out.String()
}

func plainInSubject(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '-'
}
