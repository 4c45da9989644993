package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
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
		return s.wholeKey(r.Context(), a, id)
	}
	if redact.Secret(text) {
		a.data = page.Why{Says: "That looks like a token, or like a key with a letter missing or too many. It was not looked for, and is kept nowhere. Paste the key exactly as it was shown, or type its id."}
		return a, nil
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

func (s *Server) wholeKey(ctx context.Context, a answer, id string) (answer, error) {
	k, found, err := s.Rows.Key(ctx, id)
	if err != nil {
		return answer{}, err
	}
	w := page.Why{Says: "That was a whole key. It went no further than this console, which keeps only its id. Ask for ids next time: whoever sent you the key should make a new one.", KeyID: id}
	if !found {
		w.Nothing = "No key of that id is known."
	} else {
		w.Found = []page.Hit{{Realm: k.Realm, User: k.User, As: "owner of the key " + id}}
	}
	a.data = w
	return a, nil
}

// byID tries what an id may be, the cheapest first. Exactly one user is gone to at once.
func (s *Server) byID(ctx context.Context, v Visitor, a answer, id string) (answer, error) {
	k, found, err := s.Rows.Key(ctx, id)
	if err != nil {
		return answer{}, err
	}
	if found {
		return answer{to: userURL(k.Realm, k.User) + "#key-" + url.PathEscape(id)}, nil
	}
	named, err := s.Rows.Named(ctx, id)
	if err != nil {
		return answer{}, err
	}
	for realm := range s.Known.Realms() {
		if s.Known.Holds(realm, id) {
			named = append(named, tokenstate.Scope{Realm: realm, User: id})
		}
	}
	w := page.Why{Asked: id, Found: page.People(named)}
	if len(w.Found) == 0 {
		s.askAuthapi(ctx, v, id, &w)
	}
	if len(w.Found) == 1 && len(w.Refusals) == 0 {
		return answer{to: userURL(w.Found[0].Realm, w.Found[0].User)}, nil
	}
	a.data = w
	return a, nil
}

// askAuthapi looks among the last refusals, and in the journal.
func (s *Server) askAuthapi(ctx context.Context, v Visitor, id string, w *page.Why) {
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
	case strings.Contains(id, "@"):
		w.Nothing = "tokenstate keeps no e-mail addresses. `revocation-worker explain ADDRESS` asks Keycloak whose it is. Or find the user in Keycloak, and type their id here."
	default:
		w.Nothing = "Nothing of that id is known: no user, session, key or event, and none of the last refused requests. Check it for a missing letter."
	}
}

func userURL(realm, user string) string {
	return "/users/" + url.PathEscape(realm) + "/" + url.PathEscape(user)
}
