package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// Bounds of one user's page. A user may have thousands of sessions.
const (
	maxTokens = 1000
	maxKeys   = 1000
	maxID     = 255
)

func (s *Server) user(r *http.Request, v Visitor) (answer, error) {
	realm, user := r.PathValue("realm"), r.PathValue("user")
	if len(realm) > maxID || len(user) > maxID {
		return answer{}, &fault{http.StatusBadRequest, "That is too long for an id", "Ids have at most 255 bytes."}
	}
	if err := v.seeRealm(realm); err != nil {
		return answer{}, err
	}
	p := s.person(r.Context(), v, realm, user)
	data := page.UserOf(p)
	a := answer{page: "user", title: "User", data: data}
	if data.Nobody {
		a.status = http.StatusNotFound
	}
	return a, nil
}

// person gathers what is known of a user. What cannot be asked is said on the page: the rest is
// worth showing.
func (s *Server) person(ctx context.Context, v Visitor, realm, user string) page.Person {
	p := s.holdings(ctx, realm, user)
	s.tell(ctx, v, &p)
	return p
}

// holdings are what a user has here, and what is known of it.
func (s *Server) holdings(ctx context.Context, realm, user string) page.Person {
	p := page.Person{Realm: realm, User: user, Now: s.Known.Now(), Owner: s.Known.Owner(realm, user)}
	tokens := s.Known.TokensOf(realm, user, "")
	p.MoreTokens = max(0, len(tokens)-maxTokens)
	for _, t := range tokens[:len(tokens)-p.MoreTokens] {
		p.Tokens = append(p.Tokens, s.stored(t))
	}
	if t, verdict, ok := s.Known.Best(realm, user, "", nil); ok {
		p.Best = &page.Stored{Token: t.Token, Custody: t.Custody, Verified: t.Verified, Verdict: verdict}
	}
	keys, err := s.Rows.Keys(ctx, KeyFilter{Realm: realm, User: user, Most: maxKeys + 1})
	if err != nil {
		s.Logger.Warn().Err(err).Msg("a user's keys cannot be read")
		p.KeysFault = "The database does not answer, so keys are not known now."
	}
	p.MoreKeys = len(keys) > maxKeys
	for _, k := range keys[:min(len(keys), maxKeys)] {
		p.Keys = append(p.Keys, s.held(k))
	}
	return p
}

// tell adds what only authapi knows.
func (s *Server) tell(ctx context.Context, v Visitor, p *page.Person) {
	if p.Realm != s.Authapi.Realm() {
		p.StoryFault = s.notAsked()
		p.ToldFault = p.StoryFault
		return
	}
	if told, err := s.Authapi.Told(ctx, v, p.User); err != nil {
		p.ToldFault = s.saidOf(err)
	} else {
		p.Told = told
	}
	story, err := s.Authapi.Explain(ctx, v, p.User)
	switch {
	case errors.Is(err, ErrUnknown):
	case err != nil:
		p.StoryFault = s.saidOf(err)
	default:
		p.Story = &story
	}
}

// notAsked says why authapi is not asked about a realm.
func (s *Server) notAsked() string {
	if s.Authapi.Realm() == "" {
		return "The console has no credential for authapi (CONSOLE_AUTHAPI_URL, CONSOLE_SERVICE_KEY), so this is not known."
	}
	return "The console's credential for authapi is of another realm, so this is not known here."
}

func (s *Server) saidOf(err error) string {
	s.Logger.Warn().Err(err).Msg("authapi cannot be asked")
	return "authapi does not answer now, so this is not known."
}

func (s *Server) stored(t projection.Token) page.Stored {
	return page.Stored{Token: t.Token, Custody: t.Custody, Verified: t.Verified, Verdict: s.Known.Judge(t.Token)}
}

func (s *Server) held(k apikey.Listed) page.Held {
	_, _, cut := s.Known.KeyCut(k.Realm, k.User, k.ID)
	return page.Held{Key: k, Owner: s.Known.Owner(k.Realm, k.User), Cut: cut}
}
