package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func (s *story) realmNamed(at events.Millis, node, name, frontend string) *story {
	return s.observe(at, node, events.Observation{Realm: &events.RealmLook{Enabled: true, Name: name, FrontendURL: frontend}})
}

// Ensure a token that carries another issuer than its realm has now is in doubt, and is not once the realm has its
// issuer back: Keycloak refuses it with "Invalid token issuer".
func TestIssuerThatChanged(t *testing.T) {
	const plain, own = "https://keycloak.example/realms/demo", "https://login.example/realms/demo"
	in := func(issuer string) tokenstate.Token {
		tok := token
		tok.Issuer = tokenstate.Spelt(issuer)
		return tok
	}
	for name, c := range map[string]struct {
		tell    func(*story)
		issuer  string
		inDoubt bool
	}{
		"as it was issued":                  {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "") }, plain, false},
		"a frontendUrl since":               {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "https://login.example") }, plain, true},
		"issued under the frontendUrl":      {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "https://login.example") }, own, false},
		"spelt otherwise":                   {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "HTTPS://Login.example:443/") }, own, false},
		"another path":                      {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "https://login.example/auth") }, own, true},
		"under a path":                      {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "") }, "https://keycloak.example/auth/realms/demo", false},
		"the realm renamed":                 {func(s *story) { s.realmNamed(1200*sec, "kc1", "other", "") }, plain, true},
		"a name that is encoded":            {func(s *story) { s.realmNamed(1200*sec, "kc1", "My Realm", "") }, "https://keycloak.example/realms/My%20Realm", false},
		"a name with a percent sign":        {func(s *story) { s.realmNamed(1200*sec, "kc1", "100%25", "https://login.example/") }, "https://login.example/realms/100%2525", false},
		"a realm whose name ends alike":     {func(s *story) { s.realmNamed(1200*sec, "kc1", "emo", "") }, plain, true},
		"an older jar":                      {func(s *story) { s.realmNamed(1200*sec, "kc1", "", "") }, plain, false},
		"a token whose issuer is not known": {func(s *story) { s.realmNamed(1200*sec, "kc1", "other", "") }, "", false},
		"an issuer that is no URL":          {func(s *story) { s.realmNamed(1200*sec, "kc1", "demo", "") }, "https://%zz", true},
		"the frontendUrl back as it was": {func(s *story) {
			s.realmNamed(1200*sec, "kc1", "demo", "https://login.example").realmNamed(1300*sec, "kc1", "demo", "")
		}, plain, false},
		"issued meanwhile": {func(s *story) {
			s.realmNamed(1200*sec, "kc1", "demo", "https://login.example").realmNamed(1300*sec, "kc1", "demo", "")
		}, own, true},
		"another node that is not surely later": {func(s *story) {
			s.realmNamed(1200*sec, "kc1", "demo", "https://login.example").realmNamed(1202*sec, "kc2", "demo", "")
		}, plain, true},
	} {
		s := newStory().look(1001*sec, "kc1", alive(birth))
		c.tell(s)
		if v := tokenstate.Judge(in(c.issuer), s.facts, tokenstate.DefaultRules()); v.State != tokenstate.Usable || v.InDoubt != c.inDoubt {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
