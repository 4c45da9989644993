//go:build truth

package truth

import (
	"net/http"
	"os"
	"slices"
	"strings"
)

// realms are names that Keycloak 26.7 allows (it refuses :/?#@!$&()*+,;=[] and the backslash) and that mean something
// to a URL, to a subject of NATS, to a shell or to a table. "." and ".." are
// not among them: Keycloak creates such realms, but HTTP takes the dots for a step of the path before Keycloak sees them,
// so no token can come from there, and our programs refuse the name. Seed 1, which CI plays, has the plain one.
var realms = []string{
	"Größe 團隊 🙂", "demo", "two  words", "dots.in.it", "a>b", "100%25", `O'Hara "and" <Söhne>`, strings.Repeat("long-", 40), "UPPER_-_lower", "a}^|~`",
}

// realmOf is the name of a seed's realm; TRUTH_REALM says another.
func realmOf(seed int64) string {
	if name := os.Getenv("TRUTH_REALM"); name != "" {
		return name
	}
	return realms[seed%int64(len(realms))]
}

// rotate switches rotation on for every third seed, or as TRUTH_ROTATION says: each refresh token of the realm is good
// once. Not beside faults: an answer that is lost there takes the only good token with it.
func (w *world) rotate(seed int64) {
	w.t.Helper()
	given := os.Getenv("TRUTH_ROTATION")
	w.rotates = !w.patient && (given == "on" || given == "" && seed%3 == 0)
	w.must(w.call(http.MethodPut, "", map[string]any{"revokeRefreshToken": w.rotates, "refreshTokenMaxReuse": 0}, nil))
}

// compared are the tokens that Keycloak is asked about. Under rotation only the newest of each client's session: to
// ask about an older one is to use it again, which ends the family.
func (w *world) compared() []*held {
	if !w.rotates {
		return slices.Clone(w.held)
	}
	type seat struct{ client, session string }
	newest := map[seat]bool{}
	var hs []*held
	for _, h := range slices.Backward(w.held) {
		if s := (seat{h.client(), h.Session}); newest[s] {
			w.older++
		} else {
			newest[s] = true
			hs = append(hs, h)
		}
	}
	return hs
}
