package play

import (
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// back is where Keycloak sends the browser; nobody listens there, the address is read.
const back = "http://127.0.0.1/back"

// Browser is one person's: its cookies carry their session from one client to the next.
type Browser struct {
	k      *Keycloak
	client *http.Client
}

// NewBrowser has no cookies.
func (k *Keycloak) NewBrowser() *Browser {
	jar, _ := cookiejar.New(nil) // never fails
	return &Browser{k, &http.Client{
		Jar: jar, Timeout: 2 * time.Minute, Transport: transport(k.node),
		CheckRedirect: func(req *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(req.URL.String(), back) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

// Form says how a person fills in one of Keycloak's pages: the first whose Page stands in it.
type Form struct {
	Page   string // a text by which the page is known
	Values url.Values
}

// LoginForm is the page that asks for name and password.
func LoginForm(user string, more ...string) Form {
	v := url.Values{"username": {user}, "password": {Password}}
	for _, name := range more {
		v.Set(name, "on")
	}
	return Form{`id="kc-form-login"`, v}
}

// maxPages is more than any of Keycloak's flows has.
const maxPages = 8

// Login goes through the login page, unless the browser is logged in already, and gives what
// the client gets.
func (b *Browser) Login(ctx context.Context, client, user, scope string) (Tokens, error) {
	return b.Authorize(ctx, client, scope, nil, LoginForm(user), Consent)
}

// Consent is the page of a client that asks for consent, which is given.
var Consent = Form{Page: `name="code"`, Values: url.Values{"accept": {"Yes"}}}

// Authorize asks for a code and fills in whatever page comes, until Keycloak sends the browser
// back; more are further parameters, such as kc_action.
func (b *Browser) Authorize(ctx context.Context, client, scope string, more url.Values, forms ...Form) (Tokens, error) {
	q := url.Values{"client_id": {client}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid " + scope}}
	maps.Copy(q, more)
	at, page, err := b.open(ctx, http.MethodGet, b.k.oidc("auth")+"?"+q.Encode(), nil)
	for n := 0; err == nil && at == nil && n < maxPages; n++ {
		action, values := fill(page, forms)
		if action == "" {
			break
		}
		if strings.HasPrefix(action, "/") { // the consent page's
			action = b.k.URL + action
		}
		at, page, err = b.open(ctx, http.MethodPost, action, values)
	}
	if err != nil {
		return Tokens{}, err
	}
	if at == nil || at.Query().Get("code") == "" {
		return Tokens{}, &RefusedError{http.StatusUnauthorized, message(page)}
	}
	return b.k.ask(ctx, "token", client,
		url.Values{"grant_type": {"authorization_code"}, "code": {at.Query().Get("code")}, "redirect_uri": {back}})
}

var formAction = regexp.MustCompile(`<form[^>]*\saction="([^"]+)"`)

// fill gives where the page's form goes, "" if nobody knows the page.
func fill(page string, forms []Form) (action string, values url.Values) {
	for _, f := range forms {
		if i := strings.Index(page, f.Page); i >= 0 {
			start := max(0, strings.LastIndex(page[:i+len(f.Page)], "<form"))
			if m := formAction.FindStringSubmatch(page[start:]); m != nil {
				return html.UnescapeString(m[1]), f.Values
			}
		}
	}
	return "", nil
}

// Logout is what a "log out" link does: it ends the browser's session, and no offline one.
func (b *Browser) Logout(ctx context.Context, t Tokens) error {
	q := url.Values{"client_id": {t.Client}, "id_token_hint": {t.ID}, "post_logout_redirect_uri": {back}}
	at, page, err := b.open(ctx, http.MethodGet, b.k.oidc("logout")+"?"+q.Encode(), nil)
	if err == nil && at == nil {
		err = &RefusedError{http.StatusBadRequest, "no redirect after the logout: " + message(page)}
	}
	return err
}

// open follows redirects within Keycloak; at is where it sent the browser back to, if it did.
func (b *Browser) open(ctx context.Context, method, address string, form url.Values) (at *url.URL, page string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, "", err
	}
	if res.StatusCode == http.StatusFound {
		at, err = res.Location()
	}
	return at, string(raw), err
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// message is what a page says, without its markup.
func message(page string) string {
	if i := strings.Index(page, "<body"); i >= 0 {
		page = page[i:]
	}
	return fmt.Sprintf("%.300s", strings.TrimSpace(tags.ReplaceAllString(page, " ")))
}
