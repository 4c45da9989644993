package keycloak_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/secret"
)

const (
	goodHeader = `{"alg":"HS512","typ":"JWT","kid":"k"}`
	goodBody   = `{"iat":1700000000,"jti":"j","iss":"https://id/realms/r","aud":"a","sub":"u","typ":"Offline","azp":"app","sid":"s","scope":"x"}`
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func made(header, body string) string { return b64(header) + "." + b64(body) + ".c2ln" }

func TestParseOffline_Good(t *testing.T) {
	t.Parallel()
	want := keycloak.Claims{Issuer: "https://id/realms/r", Subject: "u", Session: "s", ClientID: "app", IssuedAt: 1700000000, ID: "j", Scope: "x", Offline: true}
	for name, body := range map[string]string{
		"plain":             goodBody,
		"spaces":            " " + strings.ReplaceAll(goodBody, ",", " ,\n"),
		"session_state":     strings.Replace(goodBody, `"sid"`, `"session_state"`, 1),
		"both, equal":       strings.Replace(goodBody, `"sid"`, `"session_state":"s","sid"`, 1),
		"other names, case": strings.Replace(goodBody, `"iat"`, `"IAT":5,"Sid":"x","iat"`, 1),
	} {
		if c, err := keycloak.ParseOffline(secret.New(made(goodHeader, body))); err != nil || c != want {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	body := strings.Replace(strings.Replace(goodBody, `"sub":"u",`, "", 1), `"iat"`, `"exp":1800000000,"iat"`, 1)
	if c, err := keycloak.ParseOffline(secret.New(made(goodHeader, body))); err != nil || c.Subject != "" || c.Expires != 1800000000 {
		t.Errorf("without sub, with exp: %+v, %v", c, err)
	}
}

func TestParseOffline_Bad(t *testing.T) {
	t.Parallel()
	edit := func(old, now string) string { return made(goodHeader, strings.Replace(goodBody, old, now, 1)) }
	good := made(goodHeader, goodBody)
	for name, raw := range map[string]string{
		"empty": "", "one part": "a", "two parts": b64(goodHeader) + "." + b64(goodBody), "four parts": good + ".x",
		"encrypted": good + ".x.y", "no signature": b64(goodHeader) + "." + b64(goodBody) + ".",
		"too large":              made(goodHeader, strings.Replace(goodBody, `"scope":"x"`, `"scope":"`+strings.Repeat("x", keycloak.MaxToken)+`"`, 1)),
		"padded":                 strings.Replace(good, ".", "=.", 1),
		"line feed":              strings.Replace(good, ".", ".\n", 1),
		"space":                  " " + good,
		"standard b64":           b64(goodHeader) + "." + "ew+/" + ".c2ln",
		"loose bits":             b64(goodHeader) + "." + b64(goodBody) + ".c2l", // canonical: c2k
		"alg none":               made(`{"alg":"none"}`, goodBody),
		"alg None":               made(`{"alg":"NonE"}`, goodBody),
		"no alg":                 made(`{}`, goodBody),
		"header list":            made(`[]`, goodBody),
		"body list":              made(goodHeader, `[]`),
		"body null":              made(goodHeader, `null`),
		"trailing":               made(goodHeader, goodBody+"{}"),
		"broken":                 made(goodHeader, goodBody[:len(goodBody)-1]),
		"not utf-8":              edit(`"u"`, "\"\xff\""),
		"lone half":              edit(`"u"`, `"\ud800"`),
		"twice":                  edit(`"iat"`, `"iat":1,"iat"`),
		"twice escaped":          edit(`"iat"`, `"\u0069at":1,"iat"`),
		"no typ":                 edit(`"typ":"Offline",`, ``),
		"typ a number":           edit(`"Offline"`, `5`),
		"no iat":                 edit(`"iat":1700000000,`, ``),
		"only IAT":               edit(`"iat"`, `"IAT"`),
		"only ſid":               edit(`"sid"`, `"ſid"`),
		"iat a text":             edit(`1700000000`, `"1700000000"`),
		"iat a float":            edit(`1700000000`, `1.7e9`),
		"iat null":               edit(`1700000000`, `null`),
		"iat 0":                  edit(`1700000000`, `0`),
		"iat negative":           edit(`1700000000`, `-1`),
		"iat absurd":             edit(`1700000000`, `9007199254740993`),
		"exp a text":             edit(`"iat"`, `"exp":"x","iat"`),
		"no sid":                 edit(`,"sid":"s"`, ``),
		"sid a number":           edit(`"sid":"s"`, `"sid":5`),
		"sid number, state text": edit(`"sid":"s"`, `"sid":5,"session_state":"s"`),
		"sids differ":            edit(`"sid"`, `"session_state":"t","sid"`),
		"sid dots":               edit(`"sid":"s"`, `"sid":".."`),
		"sid control":            edit(`"sid":"s"`, `"sid":"a\u0000b"`),
		"sid long":               edit(`"sid":"s"`, `"sid":"`+strings.Repeat("s", 256)+`"`),
		"no azp":                 edit(`"azp":"app",`, ``),
		"azp list":               edit(`"app"`, `["app"]`),
		"sub a number":           edit(`"u"`, `5`),
		"no iss":                 edit(`"iss":"https://id/realms/r",`, ``),
		"iss lines":              edit(`https://id`, `https://id\n`),
		"iss long":               edit(`https://id`, strings.Repeat("h", 3000)),
	} {
		c, err := keycloak.ParseOffline(secret.New(raw))
		if !errors.Is(err, keycloak.ErrMalformed) || c != (keycloak.Claims{}) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for _, typ := range []string{"Refresh", "Bearer", "offline", "Offline ", "ID"} {
		if _, err := keycloak.ParseOffline(secret.New(edit(`"Offline"`, `"`+typ+`"`))); !errors.Is(err, keycloak.ErrNotOffline) {
			t.Errorf("typ %q: %v", typ, err)
		}
	}
}

// Ensure an online refresh token is read, and told apart; an access token is neither.
func TestParseRefresh(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]error{"Offline": nil, "Refresh": nil, "Bearer": keycloak.ErrNotOffline, "refresh": keycloak.ErrNotOffline} {
		c, err := keycloak.ParseRefresh(secret.New(made(goodHeader, strings.Replace(goodBody, `"Offline"`, `"`+typ+`"`, 1))))
		if !errors.Is(err, want) || c.Offline != (typ == "Offline") || (err == nil) != (c.Session == "s") {
			t.Errorf("%s: %+v, %v", typ, c, err)
		}
	}
}

// Ensure whatever claims go in as a token come out, and that one changed
// character never gives other claims with the same text around them unnoticed:
// it is refused, or it decodes to exactly what it says.
func TestParseOffline_RoundTrip(t *testing.T) {
	t.Parallel()
	id := rapid.StringMatching(`[a-zA-Z0-9:_\-äß😀/ ]{1,40}`)
	rapid.Check(t, func(t *rapid.T) {
		want := keycloak.Claims{
			Offline: true,
			Issuer:  "https://" + rapid.StringMatching(`[a-z./]{1,40}`).Draw(t, "iss"), Subject: id.Draw(t, "sub"),
			Session: id.Draw(t, "sid"), ClientID: id.Draw(t, "azp"), ID: id.Draw(t, "jti"),
			IssuedAt: rapid.Int64Range(1, 1<<40).Draw(t, "iat"), Expires: rapid.Int64Range(0, 1<<40).Draw(t, "exp"),
		}
		body, err := json.Marshal(map[string]any{
			"typ": "Offline", "iss": want.Issuer, "sub": want.Subject, "sid": want.Session, "azp": want.ClientID,
			"jti": want.ID, "iat": want.IssuedAt, "exp": want.Expires, "extra": []any{map[string]any{"iat": 1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		raw := made(goodHeader, string(body))
		if got, err := keycloak.ParseOffline(secret.New(raw)); err != nil || got != want {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
	})
}

// FuzzParseOffline: on success the claims are in bounds and the token is
// spelled canonically; on error there are none, and the error has no input in it.
func FuzzParseOffline(f *testing.F) {
	for _, s := range []string{"", "a.b.c", made(goodHeader, goodBody), made(goodHeader, `{"typ":"Refresh"}`), made(goodHeader, goodBody) + "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := keycloak.ParseOffline(secret.New(raw))
		if err != nil {
			if c != (keycloak.Claims{}) || !errors.Is(err, keycloak.ErrMalformed) && !errors.Is(err, keycloak.ErrNotOffline) {
				t.Fatalf("%+v, %v", c, err)
			}
			return
		}
		parts := strings.Split(raw, ".")
		for _, p := range parts {
			b, err := base64.RawURLEncoding.DecodeString(p)
			if err != nil || base64.RawURLEncoding.EncodeToString(b) != p {
				t.Fatalf("not canonical: %q", p)
			}
		}
		body, _ := base64.RawURLEncoding.DecodeString(parts[1])
		var says map[string]any
		if json.Unmarshal(body, &says) != nil || says["typ"] != "Offline" || says["azp"] != c.ClientID || says["iss"] != c.Issuer {
			t.Fatalf("%s decoded as %+v", body, c)
		}
		if c.IssuedAt <= 0 || c.Session == "" || c.ClientID == "" || c.Issuer == "" || len(c.Session) > 255 || len(raw) > keycloak.MaxToken {
			t.Fatalf("out of bounds: %+v", c)
		}
	})
}
