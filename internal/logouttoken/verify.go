package logouttoken

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tokenstate/tokenstate/internal/strictjson"
)

// Bounds of a token.
const (
	maxToken  = 16 << 10 // bytes
	maxID     = 255
	maxAge    = 24 * time.Hour
	skew      = time.Minute
	logoutTyp = "logout+jwt"
)

// Algorithms are those that an issuer may be configured to sign with; none is symmetric.
func Algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// InvalidError says why a token is refused; it never repeats a part of it.
type InvalidError struct {
	Reason string // for the caller
	Cause  error  // for the log; may be nil
}

func (i *InvalidError) Error() string {
	if i.Cause != nil {
		return i.Reason + ": " + i.Cause.Error()
	}
	return i.Reason
}

// Unwrap gives the cause.
func (i *InvalidError) Unwrap() error { return i.Cause }

func invalid(reason string) error { return &InvalidError{Reason: reason} }

// Token is a verified logout token. User or Session may be "", not both. Audience are the clients that
// it was sent to, at least one: whether any of them matters here is for the caller to say.
type Token struct {
	ID, User, Session string
	Audience          []string
}

// Config says whose tokens are taken.
type Config struct {
	Issuer     func(context.Context) (string, error)
	KeysURL    string         // the issuer's JWK set
	Networks   []netip.Prefix // private ones that its host may lie in
	Algorithms []string       // allowed ones; nil: RS256
	Now        func() time.Time
}

// Verifier verifies. It is safe for concurrent use.
type Verifier struct {
	cfg  Config
	keys *keys
}

// New checks cfg and makes no call.
func New(cfg Config) (*Verifier, error) {
	p, err := newPlace(cfg.KeysURL, cfg.Networks)
	if err != nil {
		return nil, err
	}
	if len(cfg.Algorithms) == 0 {
		cfg.Algorithms = []string{"RS256"}
	}
	for _, a := range cfg.Algorithms {
		if !slices.Contains(Algorithms(), a) {
			return nil, errors.New("an algorithm is not an asymmetric one that is known")
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Verifier{cfg, &keys{fetch: p.fetch, now: cfg.Now}}, nil
}

// Verify reads a logout token. An *InvalidError is about the token; any other error means that it
// could not be judged now.
func (v *Verifier) Verify(ctx context.Context, raw string) (Token, error) {
	payload, err := v.signed(ctx, raw)
	if err != nil {
		return Token{}, err
	}
	var claims map[string]json.RawMessage
	if strictjson.Unmarshal(payload, &claims) != nil {
		return Token{}, invalid("the claims are not an object of strict JSON")
	}
	issuer, err := v.cfg.Issuer(ctx)
	if err != nil {
		return Token{}, fmt.Errorf("find the issuer: %w", err)
	}
	library := oidc.NewVerifier(issuer, verified(payload), &oidc.Config{
		SkipClientIDCheck: true, SupportedSigningAlgs: v.cfg.Algorithms, Now: v.cfg.Now,
	})
	t, err := library.VerifyLogout(ctx, raw)
	if err != nil {
		return Token{}, &InvalidError{Reason: "issuer, expiry, event, nonce, jti or subject is wrong", Cause: err}
	}
	switch now := v.cfg.Now(); {
	case t.IssuedAt.After(now.Add(skew)) || t.IssuedAt.Before(now.Add(-maxAge)): // missing: long ago
		return Token{}, invalid("iat is missing, in the future, or older than a day")
	case len(t.Audience) == 0 || slices.Contains(t.Audience, ""):
		return Token{}, invalid("aud names no client")
	case !plain(t.TokenID) || !plain(t.Subject) || !plain(t.SessionID):
		return Token{}, invalid("jti, sub or sid is longer than 255 bytes, or holds control characters")
	}
	if err := checkExact(claims); err != nil {
		return Token{}, err
	}
	return Token{t.TokenID, t.Subject, t.SessionID, t.Audience}, nil
}

// signed gives the payload of a token that one of the issuer's keys has signed.
func (v *Verifier) signed(ctx context.Context, raw string) ([]byte, error) {
	if len(raw) > maxToken {
		return nil, invalid("the token is too large")
	}
	if strings.Count(raw, ".") != 2 {
		return nil, invalid("the token is not a signed JWT in compact form")
	}
	head, err := readHeader(raw)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(v.cfg.Algorithms, head.Alg) {
		return nil, invalid("alg is not allowed")
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(head.Alg)})
	if err != nil {
		return nil, &InvalidError{Reason: "the token is malformed", Cause: err}
	}
	key, ok, err := v.keys.key(ctx, head.Kid)
	switch {
	case err != nil:
		return nil, err
	case !ok || key.Algorithm != "" && key.Algorithm != head.Alg:
		return nil, invalid("no key of the issuer's has this kid and alg")
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return nil, invalid("the signature is wrong")
	}
	return payload, nil
}

type header struct{ Alg, Kid, Typ string }

// forbidden header members bring keys of the sender's own, or change how the rest is read.
var forbidden = []string{"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64"}

func readHeader(raw string) (header, error) {
	first, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(first)
	var members map[string]json.RawMessage
	if err != nil || strictjson.Unmarshal(text, &members) != nil {
		return header{}, invalid("the header is malformed")
	}
	for _, name := range forbidden {
		if _, there := members[name]; there {
			return header{}, invalid("the header brings a key, or an extension")
		}
	}
	var h header
	for name, into := range map[string]*string{"alg": &h.Alg, "kid": &h.Kid, "typ": &h.Typ} {
		if value, there := members[name]; there && json.Unmarshal(value, into) != nil {
			return header{}, invalid("the header is malformed")
		}
	}
	switch {
	case h.Kid == "" || len(h.Kid) > maxID:
		return header{}, invalid("kid is missing or too long")
	case !strings.EqualFold(strings.TrimPrefix(strings.ToLower(h.Typ), "application/"), logoutTyp):
		return header{}, invalid("typ is not " + logoutTyp)
	}
	return h, nil
}

const event = "http://schemas.openid.net/event/backchannel-logout"

// checkExact holds the claims to their exact names, which encoding/json does not, and the
// events to the one that is meant.
func checkExact(claims map[string]json.RawMessage) error {
	for _, name := range []string{"iss", "aud", "iat", "exp", "jti", "events"} {
		if _, there := claims[name]; !there {
			return invalid("a claim is missing")
		}
	}
	for name := range claims {
		if strings.EqualFold(name, "nonce") {
			return invalid("a logout token has no nonce")
		}
	}
	return checkEvents(claims["events"])
}

// checkEvents takes one event, an empty object. Beside it Keycloak puts revoke_offline_access
// when its client is set up so (seen on 26.7.3); what it announces, a look finds out.
func checkEvents(raw json.RawMessage) error {
	var events map[string]json.RawMessage
	if json.Unmarshal(raw, &events) != nil {
		return invalid("events is not an object")
	}
	if offline, there := events["revoke_offline_access"]; there {
		var yes bool
		if json.Unmarshal(offline, &yes) != nil {
			return invalid("revoke_offline_access is not a boolean")
		}
		delete(events, "revoke_offline_access")
	}
	var details map[string]json.RawMessage
	if len(events) != 1 || json.Unmarshal(events[event], &details) != nil || details == nil || len(details) > 0 {
		return invalid("events does not hold one empty logout event")
	}
	return nil
}

func plain(id string) bool {
	return len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}

// verified is a payload whose signature was checked already: go-oidc flattens a key set's
// errors into texts, and ours must stay apart.
type verified []byte

func (p verified) VerifySignature(context.Context, string) ([]byte, error) { return p, nil }
