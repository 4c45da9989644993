package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tokenstate/tokenstate/internal/console/consoletest"
)

// as logs in by the identity provider's answer, which names the role.
func (s *site) as(role string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(s.url + "/login"),
		chromedp.Evaluate[chromedp.Void](`fetch("/login/oidc", {method: "POST", redirect: "manual"}).then(() => null)`, chromedp.EvalAwaitPromise),
		chromedp.Navigate(s.url + "/login/callback?state=S&code=" + role),
	}
}

// Ensure support finds why somebody is refused with the browser alone, also without script: the box,
// the user's page, and what is to be done. A pasted key stands in no address and in no history.
func TestSupportStory(t *testing.T) {
	for name, off := range map[string]bool{"with script": false, "without script": true} {
		t.Run(name, func(t *testing.T) {
			ctx := browser(t)
			s := newSite(ctx, t, consoletest.Options{Users: 12, Login: true})
			whole, id := consoletest.Key()
			if err := chromedp.Do(ctx, s.as("support")...); err != nil {
				t.Fatal(err)
			}
			if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
				t.Fatal(err)
			}
			look := func(text string) (at, body string) {
				t.Helper()
				if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/why")); err != nil {
					t.Fatal(err)
				}
				if _, err := chromedp.RunResponse(ctx, chromedp.SendKeys(chromedp.CSS("#q"), text+"\r")); err != nil {
					t.Fatal(err)
				}
				at, err := chromedp.Run(ctx, chromedp.Location())
				if err == nil {
					body, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
				}
				if err != nil {
					t.Fatal(err)
				}
				return at, body
			}
			if at, body := look(whole); strings.Contains(at, "tokst_") || !strings.Contains(body, id) || strings.Contains(body, whole) {
				t.Errorf("a pasted key: %s %s", at, body)
			}
			if _, body := look("request-1"); !strings.Contains(body, "user_disabled") {
				t.Errorf("a request's id: %s", body)
			}
			if at, _ := look("ann@example.org"); !strings.HasSuffix(at, "000000000011") || strings.Contains(at, "example.org") {
				t.Errorf("an e-mail address: %s", at)
			}
			at, body := look("session-000009")
			if !strings.HasSuffix(at, somebody) || !strings.Contains(body, "refused") || !strings.Contains(body, "enable the user in Keycloak") {
				t.Errorf("a session's id: %s %s", at, body)
			}
			entries, err := chromedp.Run(ctx, chromedp.NavigationEntries())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries.Entries {
				if strings.Contains(e.URL, "tokst_") || strings.Contains(e.Title, "tokst_") || strings.Contains(e.URL, "example.org") {
					t.Errorf("the history has %s", e.URL)
				}
			}
			s.quiet(name)
		})
	}
}

// Ensure an operator gives an order with the browser alone, without script, and sees first what it
// would do.
func TestOrderWithoutScript(t *testing.T) {
	ctx := browser(t)
	s := newSite(ctx, t, consoletest.Options{Users: 12, Login: true})
	if err := chromedp.Do(ctx, s.as("operator")...); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	user := strings.TrimPrefix(somebody, "/users/demo/")
	user = user[:len(user)-1] + "8"
	err := chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/orders?user="+user), chromedp.SendKeys(chromedp.CSS(`input[name=reason]`), "laptop stolen\r"),
		chromedp.WaitReady(chromedp.CSS("#number")), chromedp.SendKeys(chromedp.CSS("#number"), "1\r"), chromedp.WaitReady(chromedp.CSS(".answer")))
	if err != nil {
		t.Fatal(err)
	}
	if given := s.API.Given(); len(given) != 1 || !strings.HasSuffix(given[0], "tokens "+user) {
		t.Errorf("given: %q", given)
	}
	s.quiet("an order")
}

// Ensure an operator has the state verified with the browser alone, and sees how far it is: by itself with script, and by a
// link without. It fits a small screen, and axe finds nothing, while it runs and when it has ended.
func TestVerifyInTheBrowser(t *testing.T) {
	for name, off := range map[string]bool{"with script": false, "without script": true} {
		t.Run(name, func(t *testing.T) {
			ctx := browser(t)
			s := newSite(ctx, t, consoletest.Options{Users: 12, Login: true})
			if err := chromedp.Do(ctx, append(s.as("operator"), chromedp.EmulateViewport(320, 800))...); err != nil {
				t.Fatal(err)
			}
			if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
				t.Fatal(err)
			}
			err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/log"), chromedp.Click(chromedp.CSS(`button[value=verify]`)), chromedp.WaitReady(chromedp.CSS("#live")))
			if err != nil {
				t.Fatal(err)
			}
			if !off {
				s.sound(ctx, "while it runs")
			}
			s.Checks.Go <- nil
			const agrees = "4690 journal lines were compared, and they agree"
			for body := ""; off && !strings.Contains(body, agrees); { // the page that the link leads to may be a moment early
				if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(`#live a`))); err != nil {
					t.Fatal(err)
				}
				if body, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main"))); err != nil {
					t.Fatal(err)
				}
			}
			if !off {
				if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS("#ended"))); err != nil {
					t.Fatal(err)
				}
				s.sound(ctx, "when it has ended")
			}
			s.quiet(name)
		})
	}
}

// sound: the page that is open fits the screen, and axe has nothing serious to say of it.
func (s *site) sound(ctx context.Context, when string) {
	s.t.Helper()
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
	if err != nil || wide {
		s.t.Errorf("%s: it scrolls sideways: %v, %v", when, wide, err)
	}
	found, err := serious(ctx)
	if err != nil || len(found) > 0 {
		s.t.Errorf("%s: %v, %v", when, found, err)
	}
}

// Ensure each role sees its pages, and the others say what is missing; nobody is led to the login.
func TestRoles(t *testing.T) {
	least := map[string]int{"why": 2, "user": 2, "keys": 2, "pardon": 3}
	for role, is := range map[string]int{"": 0, "viewer": 1, "support": 2, "operator": 3} {
		ctx := browser(t)
		s := newSite(ctx, t, consoletest.Options{Users: 12, Login: true})
		if role != "" {
			if err := chromedp.Do(ctx, s.as(role)...); err != nil {
				t.Fatal(err)
			}
		}
		for name, path := range pages {
			res, err := chromedp.Run(ctx, chromedp.NavigateResponse(s.url+path))
			if err != nil {
				t.Fatal(err)
			}
			at, err := chromedp.Run(ctx, chromedp.Location())
			if err != nil {
				t.Fatal(err)
			}
			want := int64(http.StatusOK)
			if is > 0 && is < least[name] {
				want = http.StatusForbidden
			}
			if res.Status != want || is == 0 != strings.Contains(at, "/login?next=") {
				t.Errorf("%q on %s: %d at %s", role, name, res.Status, at)
			}
			if name == "user" || is == 0 && name == "right" {
				found, err := serious(ctx)
				if err != nil || len(found) > 0 {
					t.Errorf("%q on %s: %v %v", role, name, found, err)
				}
			}
		}
		s.quiet("as " + role)
	}
}

// Ensure that the browser tells of what the policy forbids: or the silence of the other tests says
// nothing.
func TestPolicyIsHeld(t *testing.T) {
	ctx := browser(t)
	s := newSite(ctx, t, consoletest.Options{Users: 1})
	ran, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`1 === 1`))
	if err != nil || !ran {
		t.Fatal(err)
	}
	const inject = `new Promise(done => {
		document.addEventListener("securitypolicyviolation", e => done(e.effectiveDirective));
		const s = document.createElement("script"); s.textContent = "window.bad = true"; document.body.append(s);
		setTimeout(() => done(window.bad ? "it ran" : "nothing was said"), 3000);
	})`
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](inject, chromedp.EvalAwaitPromise))
	if err != nil || said != "script-src-elem" {
		t.Errorf("an inline script: %q, %v", said, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.complaints) == 0 {
		t.Error("the browser did not complain")
	}
}

// Ensure the first page renews itself, and does not while its switch is off.
func TestRenewal(t *testing.T) {
	ctx := browser(t)
	s := newSite(ctx, t, consoletest.Options{Users: 12})
	const renewed = `new Promise((done, failed) => {
		document.body.addEventListener("htmx:afterSwap", () => done(true), {once: true});
		document.body.addEventListener("htmx:beforeRequest", e => setTimeout(() => { if (e.defaultPrevented) done(false) }), {once: true});
		setTimeout(() => failed("nothing was asked for"), 20000);
	})`
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](renewed, chromedp.EvalAwaitPromise))
		if err != nil || got != want {
			t.Errorf("renewed: %v, want %v, %v", got, want, err)
		}
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#renew"))); err != nil {
			t.Fatal(err)
		}
	}
	s.quiet("the first page")
}

// Ensure the button leads to the issuer on another site and back, which the page's own policy and the
// cookies allow, and to the page that was asked for.
func TestLoginByTheButton(t *testing.T) {
	ctx := browser(t)
	var s *site
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.url+"/login/callback?code=operator&state="+r.URL.Query().Get("state"), http.StatusFound)
	}))
	t.Cleanup(issuer.Close)
	s = newSite(ctx, t, consoletest.Options{Users: 12, Login: true, Issuer: strings.Replace(issuer.URL, "127.0.0.1", "localhost", 1)})
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/keys?only=live"), chromedp.Click(chromedp.CSS(`form[action="/login/oidc"] button`)), chromedp.WaitReady(chromedp.CSS("table"))); err != nil {
		t.Fatal(err)
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil || at != s.url+"/keys?only=live" {
		t.Errorf("at %s, %v", at, err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`form[action="/logout"] button`)), chromedp.WaitReady(chromedp.CSS(`form[action="/login/oidc"]`))); err != nil {
		t.Fatal(err)
	}
	s.quiet("the login")
}
