package docrun

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// exampleTime stands for every time, exampleClock and exampleSecond for the same in other forms.
const (
	exampleTime   = "2026-11-29T10:00:00Z"
	exampleClock  = "2026-11-29 10:00:00Z" // as our commands print it
	exampleSecond = "1795946400"
)

// numbers that no two runs agree on, by the member's name.
var numbers = map[string]json.Number{
	"version": "1042", "issued_at": exampleSecond, "iat": exampleSecond, "exp": "1795950000", "nbf": exampleSecond, "expires_in": "300",
}

// shortestID is how long an id is at least to be looked for within other text, and how long a key's is; sessionID is how
// long Keycloak makes a session's since 26.7. Such a one may end in a dash, which no pattern takes for the end of a word.
const (
	shortestID = 10
	sessionID  = 24
)

var (
	uuidText  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timeText  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	clockTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)
	keyText   = regexp.MustCompile(`tokst_([0-9A-Za-z]{10})(_[0-9A-Za-z]{49})?`)
	printedID = regexp.MustCompile(`\b(key|session) ([0-9A-Za-z_-]{10,})`) // as our commands name them
	jwtText   = regexp.MustCompile(`eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+`)
	hostText  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	keyID     = regexp.MustCompile(`^[0-9A-Za-z]{10}$`)
	keyNames  = []string{"id", "ids", "jti", "key_id", "replaces"}
)

// examples replaces what differs from run to run. The same value gets the same example throughout a document, which is
// made of the name under which it was first seen: a new call in the middle changes no other.
type examples struct {
	known map[string]string
	seen  map[string]int // examples by name
	aside string         // goes before each name
}

func newExamples() *examples { return &examples{known: map[string]string{}, seen: map[string]int{}} }

// clone is for an answer that may not be the one that is kept.
func (x *examples) clone() *examples {
	return &examples{maps.Clone(x.known), maps.Clone(x.seen), x.aside}
}

// story is for an answer that no two runs tell alike: what it names first is named aside, and takes no number from what
// is named later.
func (x *examples) story() *examples {
	aside := x.clone()
	aside.aside = "story "
	return aside
}

// of replaces throughout a value; name is the member that it is of.
func (x *examples) of(name string, v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for i, m := range v {
			out[i] = member{m.name, x.of(m.name, m.value)}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = x.of(name, one)
		}
		return out
	case string:
		return x.text(name, v)
	case json.Number:
		if n, ok := numbers[name]; ok {
			return n
		}
	}
	return v
}

func (x *examples) text(name, text string) string {
	switch {
	case name == "session_id", name == "ids" && !keyID.MatchString(text):
		return x.remembered(text, "session_id", uuidOf)
	case name == "scope": // Keycloak gives them in any order
		return strings.Join(slices.Sorted(strings.FieldsSeq(text)), " ")
	case name == "last_four":
		return "YrjC"
	case slices.Contains(keyNames, name) && keyID.MatchString(text):
		return x.keyID(text)
	}
	text = jwtText.ReplaceAllString(text, "eyJhbGciOi…")
	text = timeText.ReplaceAllString(text, exampleTime)
	text = clockTime.ReplaceAllString(text, exampleClock)
	text = hostText.ReplaceAllString(text, "127.0.0.1:8080")
	text = uuidText.ReplaceAllStringFunc(text, func(id string) string { return x.remembered(id, name, uuidOf) })
	text = keyText.ReplaceAllStringFunc(text, func(key string) string {
		parts := keyText.FindStringSubmatch(key)
		if parts[2] == "" {
			return "tokst_" + x.keyID(parts[1])
		}
		return "tokst_" + x.keyID(parts[1]) + "_…"
	})
	text = printedID.ReplaceAllStringFunc(text, x.printed)
	for value, example := range x.known { // ids without a form of their own stand in stories, too
		if len(value) >= shortestID {
			text = strings.ReplaceAll(text, value, example)
		}
	}
	return text
}

// printed is "key ID" or "session ID". A word of as many letters is none.
func (x *examples) printed(text string) string {
	kind, id, _ := strings.Cut(text, " ")
	switch {
	case strings.ToLower(id) == id && !strings.ContainsAny(id, "0123456789"):
	case kind == "key" && len(id) == shortestID:
		return kind + " " + x.keyID(id)
	case kind == "session" && len(id) == sessionID:
		return kind + " " + x.remembered(id, "session_id", sessionOf)
	}
	return text
}

func (x *examples) keyID(id string) string { return x.remembered(id, "key", keyIDOf) }

func (x *examples) remembered(value, name string, shape func(sum []byte) string) string {
	if known, ok := x.known[value]; ok {
		return known
	}
	name = x.aside + name
	x.seen[name]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, x.seen[name]))
	x.known[value] = shape(sum[:])
	return x.known[value]
}

// uuidOf has the form of a random UUID.
func uuidOf(sum []byte) string {
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

// sessionOf has the form of a session's id since Keycloak 26.7, and its length, so that tables stay tables.
func sessionOf(sum []byte) string { return new(big.Int).SetBytes(sum).Text(62)[:24] }

// keyIDOf has the form of a key's id.
func keyIDOf(sum []byte) string {
	return fmt.Sprintf("%010s", new(big.Int).SetBytes(sum).Text(62))[:10]
}
