package gate

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/refusals"
)

// The identity that a gateway hands on. Every answer names all of them, so that a caller's own
// are overwritten: "" clears one.
const (
	HeaderRealm = "X-Auth-Realm"
	HeaderUser  = "X-Auth-User-Id"
	HeaderOrg   = "X-Auth-Org-Id"
	HeaderKey   = "X-Auth-Key-Id"
	HeaderKind  = "X-Auth-Key-Kind"
	HeaderToken = "X-Offline-Token-State" //nolint:gosec // a header's name
)

// HeaderReason tells a gateway why a request may not pass, in the body's own word: nginx drops the
// body of the check.
const HeaderReason = "X-Auth-Reason"

// Identity is one identity header's name and value.
type Identity struct{ Name, Value string }

// Passage is the answer to a gateway, the same for nginx, Traefik and Envoy.
type Passage struct {
	Refused  *problem.Problem // nil: the request may pass
	Identity []Identity       // always all of them
	Used     string           // the header that held the key; "": none did
	Ages     http.Header
	// RefusedUser is whose key was refused, "" unless its secret has matched. The key's id is in Refused.
	RefusedUser string
}

// Asked is what a gateway asks about.
type Asked struct {
	Header http.Header
	Peer   string   // address and port that the request came from, perhaps a trusted proxy's
	Realms []string // if any are named, the key must be of one of them

	Ages http.Header // of the answer, where they are set already; nil: Check sets them
}

// Admit is Check for Envoy's protocol, within the bounds of what is answered at once.
func (g *Gate) Admit(ctx context.Context, a Asked) (p Passage) {
	began := time.Now()
	defer func() {
		status := http.StatusOK
		if p.Refused != nil {
			status = p.Refused.Status
		}
		g.Metrics.Answered("ext_authz", status, time.Since(began))
	}()
	if !Enter(g.Load.Requests) {
		g.Metrics.Shed("request")
		p = g.passage(a)
		p.Refused = problem.Overloaded()
		return p
	}
	defer func() { <-g.Load.Requests }()
	return g.check(ctx, a, refusals.ExtAuthz)
}

// passage is one without an identity.
func (g *Gate) passage(a Asked) Passage {
	p := Passage{Identity: nobody, Ages: a.Ages}
	if p.Ages == nil {
		p.Ages = http.Header{}
		g.SetAges(p.Ages)
	}
	return p
}

// nobody's identity is shared: nobody may change it.
var nobody = identity(apikey.Record{}, "")

// Check decides whether a request may pass that a gateway asks about over HTTP.
func (g *Gate) Check(ctx context.Context, a Asked) Passage {
	return g.check(ctx, a, refusals.Authorize)
}

func (g *Gate) check(ctx context.Context, a Asked, door refusals.Door) Passage {
	p := g.passage(a)
	if g.NoKeyPasses && keyless(a.Header) {
		g.Metrics.Decided("no_key", true, "")
		return p
	}
	r := (&http.Request{Header: a.Header, RemoteAddr: a.Peer}).WithContext(ctx)
	loads := g.Known.Loads()
	rec, bad := g.holder(r, a.Realms, p.Ages)
	_, verdict, _ := g.Known.Best(rec.Realm, rec.User, "", nil)
	if moved := g.Steady(loads); moved != nil {
		rec, bad = apikey.Record{}, moved
	}
	if bad == nil && !sendable(rec) {
		bad = problem.New(http.StatusForbidden, "identity-not-sendable", "", "the key's user or organization has an id that no header can carry")
	}
	g.countKey(bad)
	if p.Refused = bad; bad != nil {
		g.refused(ctx, door, rec, bad)
		p.RefusedUser = headerText(rec.User)
		return p
	}
	p.Identity, p.Used = identity(rec, verdict.State.String()), locate(a.Header).header
	return p
}

func identity(rec apikey.Record, token string) []Identity {
	return []Identity{
		{HeaderRealm, headerText(rec.Realm)},
		{HeaderUser, headerText(rec.User)},
		{HeaderOrg, headerText(rec.Org)},
		{HeaderKey, rec.ID},
		{HeaderKind, string(rec.Kind)},
		{HeaderToken, token},
	}
}

// headerText percent-encodes what is not printable ASCII, and the percent sign, so that decoding is
// unambiguous. Raw UTF-8 would not arrive: Node and Java read headers as Latin-1.
func headerText(id string) string {
	if !strings.ContainsFunc(id, encoded) {
		return id
	}
	var out strings.Builder
	for _, b := range []byte(id) {
		if encoded(rune(b)) {
			fmt.Fprintf(&out, "%%%02X", b)
			continue
		}
		out.WriteByte(b)
	}
	return out.String()
}

func encoded(r rune) bool { return r < ' ' || r > '~' || r == '%' }

// keyless: no key was presented, or nothing that has the form of one. What looks like a key of
// ours, though mistyped, is refused: whoever sent it meant us.
func keyless(h http.Header) bool {
	found := locate(h)
	return found.header == "" || !found.twice && foreign(found.text)
}

// foreign texts are not in the form of any key: JSON web tokens, and what Parse refuses.
func foreign(text string) bool {
	if strings.HasPrefix(text, apikey.Prefix) {
		return false
	}
	_, err := apikey.Parse(text)
	return err != nil || strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}

// sendable ids arrive as they were sent: two ids must not become one on the way.
func sendable(rec apikey.Record) bool {
	for _, id := range []string{rec.Realm, rec.User, rec.Org} {
		if !Plain(id) || strings.TrimSpace(id) != id {
			return false
		}
	}
	return true
}

// Plain ids fit a row, a log line and a subject's neighbourhood.
func Plain(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}
