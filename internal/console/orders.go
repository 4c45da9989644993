package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// Bounds of the page of orders.
const (
	ordersRead  = 2000
	ordersShown = 100
	maxReason   = 255
)

type ordersView struct {
	MayGive     bool
	Realm, User string
	Cannot      string // why no order can be given; "" if one can
	Intents     any
	Given       []page.Given
	Preview     *page.Preview
	Says        string
}

func (s *Server) orders(r *http.Request, v Visitor) (answer, error) {
	q := r.URL.Query()
	return s.ordersPage(r, v, ordersView{User: short(q.Get("user"))})
}

func (s *Server) ordersPage(r *http.Request, v Visitor, data ordersView) (answer, error) {
	ms, err := s.Rows.Orders(r.Context(), ordersRead)
	if err != nil {
		return answer{}, err
	}
	data.Given = slices.DeleteFunc(page.GivenOf(ms), func(g page.Given) bool { return !v.Sees(g.Realm) })
	data.Given = data.Given[:min(len(data.Given), ordersShown)]
	data.MayGive, data.Realm, data.Intents = v.Role >= Operator, s.Authapi.Realm(), page.Intents
	switch {
	case data.Realm == "":
		data.Cannot = "The console has no credential for authapi (CONSOLE_AUTHAPI_URL, CONSOLE_SERVICE_KEY, CONSOLE_REALM), so it can give no order."
	case !v.Sees(data.Realm):
		data.Cannot = "The console's credential for authapi is of a realm that your roles do not include, so you give no order here."
	}
	return answer{page: "orders", title: "Orders", data: data}, nil
}

func (s *Server) intent(r *http.Request, v Visitor) (page.Intent, error) {
	i := page.Intent{
		Realm: s.Authapi.Realm(), User: strings.TrimSpace(r.PostFormValue("user")), What: r.PostFormValue("what"),
		Reason: strings.TrimSpace(r.PostFormValue("reason")),
	}
	bad := func(text string) (page.Intent, error) {
		return i, &fault{http.StatusUnprocessableEntity, "That is no order", text + " Nothing was done."}
	}
	switch {
	case i.Realm == "":
		return bad("The console has no credential for authapi.")
	case i.User == "" || len(i.User) > maxID:
		return bad("Name the user by their id.")
	case !i.Known():
		return bad("Choose what is to be done.")
	case i.Reason == "" || len(i.Reason) > maxReason:
		return bad("Say why, in at most 255 bytes: the log keeps it.")
	}
	return i, v.seeRealm(i.Realm)
}

// preview shows what an order would do. It changes nothing.
func (s *Server) preview(r *http.Request, v Visitor) (answer, error) {
	i, err := s.intent(r, v)
	if err != nil {
		return answer{}, err
	}
	p := page.PreviewOf(s.holdings(r.Context(), i.Realm, i.User), i)
	return s.ordersPage(r, v, ordersView{User: i.User, Preview: &p})
}

// give gives an order whose number was typed. If what it would do has changed since it was shown,
// the new preview is shown and nothing is done.
func (s *Server) give(r *http.Request, v Visitor) (answer, error) {
	i, err := s.intent(r, v)
	if err != nil {
		return answer{}, err
	}
	p := page.PreviewOf(s.holdings(r.Context(), i.Realm, i.User), i)
	switch typed := strings.TrimSpace(r.PostFormValue("number")); {
	case r.PostFormValue("shown") != strconv.Itoa(p.Number):
		return s.ordersPage(r, v, ordersView{User: i.User, Preview: &p, Says: "What the order would do has changed meanwhile, so nothing was done. This is what it would do now."})
	case typed != strconv.Itoa(p.Number):
		return s.ordersPage(r, v, ordersView{User: i.User, Preview: &p, Says: "That is not the number that is asked for, so nothing was done."})
	}
	done, err := s.Authapi.Give(r.Context(), v, i)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return answer{}, &fault{http.StatusConflict, "authapi refuses the order", refused.Text + " Nothing was done."}
	case err != nil:
		s.Logger.Warn().Err(err).Msg("an order cannot be given")
		return answer{}, &fault{http.StatusServiceUnavailable, "authapi does not answer", "Whether the order was given is not known: see the list of orders in a moment, before you give it again."}
	}
	s.Logger.Info().Str("by", v.Name).Str("event", done.Event).Str("what", i.What).Msg("an order was given")
	return answer{page: "given", title: "The order was given", data: struct {
		page.Intent
		page.Done
	}{i, done}}, nil
}
