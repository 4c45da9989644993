package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxAsked bounds what is typed into the box. A whole token is about 1 KB.
const maxAsked = 4096

func (s *Server) why(*http.Request, Visitor) (answer, error) {
	return answer{page: "why", title: "Why?", data: page.Why{}}, nil
}

// search takes what somebody has in hand. It comes by POST, so that a pasted key stands in no
// address, and no answer repeats what was pasted, but for an id.
func (s *Server) search(r *http.Request, v Visitor) (answer, error) {
	text := strings.TrimSpace(r.PostFormValue("q"))
	a := answer{page: "why", title: "Why?"}
	switch {
	case text == "":
		return answer{to: "/why"}, nil
	case len(text) > maxAsked:
		a.data = page.Why{Says: "That is too long: type one id, or paste one key."}
		return a, nil
	}
	if id, whole := keyIn(text); whole {
		return s.wholeKey(r.Context(), v, a, id)
	}
	if redact.Secret(text) {
		a.data = page.Why{Says: "That looks like a token, or like a key with a letter missing or too many. It was not looked for, and is kept nowhere. Paste the key exactly as it was shown, or type its id."}
		return a, nil
	}
	if email.MatchString(text) && !strings.HasPrefix(text, "f:") {
		return s.byEmail(r.Context(), v, a, text)
	}
	if len(text) > maxID {
		a.data = page.Why{Says: "That is longer than any id. Type one id, or paste one key."}
		return a, nil
	}
	return s.byID(r.Context(), v, a, text)
}

var wholeKey = regexp.MustCompile(apikey.Pattern)

// keyIn finds a whole key of ours in a text such as a line of a shell's history.
func keyIn(text string) (id string, found bool) {
	p, err := apikey.Parse(wholeKey.FindString(text))
	return p.ID, err == nil && !p.Legacy()
}

func (s *Server) wholeKey(ctx context.Context, v Visitor, a answer, id string) (answer, error) {
	k, found, err := s.Rows.Key(ctx, id)
	if err != nil {
		return answer{}, err
	}
	w := page.Why{Says: "That was a whole key. It went no further than this console, which keeps only its id. Ask for ids next time: whoever sent you the key should make a new one.", KeyID: id}
	if !found || !v.Sees(k.Realm) {
		w.Nothing = "No key of that id is known."
	} else {
		w.Found = []page.Hit{{Realm: k.Realm, User: k.User, As: "owner of the key " + id}}
	}
	a.data = w
	return a, nil
}

// byID tries what an id may be, the cheapest first. Exactly one user is gone to at once.
func (s *Server) byID(ctx context.Context, v Visitor, a answer, id string) (answer, error) {
	found, to, err := s.heldHere(ctx, v, id)
	if err != nil || to != "" {
		return answer{to: to}, err
	}
	w := page.Why{Asked: id, Found: found}
	if len(w.Found) == 0 {
		s.askAuthapi(ctx, v, id, &w)
	}
	if len(w.Found) == 1 && len(w.Refusals) == 0 {
		return answer{to: userURL(w.Found[0].Realm, w.Found[0].User)}, nil
	}
	a.data = w
	return a, nil
}

// heldHere looks where nobody else is asked: among keys, tokens and their users. A key leads to its place.
func (s *Server) heldHere(ctx context.Context, v Visitor, id string) (found []page.Hit, to string, err error) {
	k, isKey, err := s.Rows.Key(ctx, id)
	if err != nil {
		return nil, "", err
	}
	if isKey && v.Sees(k.Realm) {
		return nil, userURL(k.Realm, k.User) + "#key-" + url.PathEscape(id), nil
	}
	named, err := s.Rows.Named(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for realm := range s.Known.Realms() {
		if s.Known.Holds(realm, id) {
			named = append(named, tokenstate.Scope{Realm: realm, User: id})
		}
	}
	return page.People(slices.DeleteFunc(named, func(u tokenstate.Scope) bool { return !v.Sees(u.Realm) })), "", nil
}

// askAuthapi looks among the last refusals, and in the journal.
func (s *Server) askAuthapi(ctx context.Context, v Visitor, id string, w *page.Why) {
	if !v.Sees(s.Authapi.Realm()) {
		w.Nothing = "Nothing of that id is known in the realms that your roles are limited to."
		return
	}
	refused, err := s.Authapi.Refused(ctx, v, id)
	if err == nil && len(refused) > 0 {
		w.Refusals = refused
		return
	}
	if err == nil {
		story, told := s.Authapi.Explain(ctx, v, id)
		if err = told; err == nil && story.User != "" {
			w.Found = []page.Hit{{Realm: story.Realm, User: story.User, As: "named in the journal"}}
			return
		}
	}
	switch {
	case errors.Is(err, ErrNotConfigured):
		w.Nothing = "No token and no key has that id. Events and request ids could not be looked for: " + err.Error() + "."
	case err != nil && !errors.Is(err, ErrUnknown):
		s.Logger.Warn().Err(err).Msg("authapi cannot be asked")
		w.Nothing = "No token and no key has that id. Events and request ids could not be looked for: authapi does not answer."
	default:
		w.Nothing = "Nothing of that id is known: no user, session, key or event, and none of the last refused requests. Check it for a missing letter."
	}
}

// email is what Keycloak may have as an address. Ids of users in a directory begin with f: and may hold an @, too.
var email = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// byEmail has authapi ask Keycloak. The address goes by POST there, too, and the answer does not repeat it.
func (s *Server) byEmail(ctx context.Context, v Visitor, a answer, text string) (answer, error) {
	if found, _, err := s.heldHere(ctx, v, text); err != nil || len(found) > 0 { // an id may look like an address
		a.data = page.Why{Found: found}
		return a, err
	}
	w := page.Why{}
	if err := v.seeRealm(s.Authapi.Realm()); err != nil {
		return answer{}, err
	}
	users, err := s.Authapi.ByEmail(ctx, v, text)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		w.Nothing = "Whose address that is was not asked: " + refused.Text
	case errors.Is(err, ErrNotConfigured):
		w.Nothing = "Whose address that is could not be asked: " + err.Error() + "."
	case err != nil:
		s.Logger.Warn().Err(err).Msg("whose an e-mail address is cannot be asked")
		w.Nothing = "Whose address that is could not be asked: authapi or Keycloak does not answer now."
	case len(users) == 0:
		w.Nothing = "No user of the realm " + s.Authapi.Realm() + " has that address in Keycloak. tokenstate keeps no addresses."
	case len(users) == 1:
		return answer{to: userURL(s.Authapi.Realm(), users[0])}, nil
	}
	for _, u := range users {
		w.Found = append(w.Found, page.Hit{Realm: s.Authapi.Realm(), User: u, As: "has that e-mail address"})
	}
	a.data = w
	return a, nil
}

func userURL(realm, user string) string {
	return "/users/" + url.PathEscape(realm) + "/" + url.PathEscape(user)
}
