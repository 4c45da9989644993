// Package console looks at the console in a real browser: every page as each role, with 0, 1 and
// 1,000 rows, at three sizes, with script and without. It is a module of its own, so that a browser's
// protocol is not among the dependencies of what we ship.
package console

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tokenstate/tokenstate/internal/console/consoletest"
)

//go:embed axe.min.js
var axe string

// browser is one Chromium for all tests.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	all, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(all)
	t.Cleanup(cancelTab)
	ctx, cancelTime := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancelTime)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("no browser: apt-get install chromium: %v", err)
	}
	return ctx
}

// site is a console of n users, and what the browser complained about.
type site struct {
	*consoletest.World
	t   *testing.T
	url string

	mu         sync.Mutex
	complaints []string
}

// expected are complaints that are none: a refusal that a test asks for, and a box that the test has typed into before the page
// had given it the focus.
var expected = []string{"the server responded with a status of 4", "Autofocus processing was blocked"}

func newSite(ctx context.Context, t *testing.T, o consoletest.Options) *site {
	t.Helper()
	s := &site{t: t}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(w, r) }))
	s.url = "http://" + server.Listener.Addr().String()
	o.URL = s.url
	w, err := consoletest.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	s.World = w
	server.Start()
	t.Cleanup(server.Close)
	err = chromedp.Listen(ctx, func(event any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !slices.ContainsFunc(expected, func(text string) bool { return strings.Contains(e.Entry.Text, text) }) {
				s.complaints = append(s.complaints, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			s.complaints = append(s.complaints, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open waits for the plots of a page, which come after it.
func (s *site) open(path string) chromedp.Action[chromedp.Void] {
	const drawn = `document.querySelectorAll(".plot").length === document.querySelectorAll(".plot canvas").length`
	return chromedp.Steps(chromedp.Navigate(s.url+path), chromedp.Poll[chromedp.Void](drawn))
}

func (s *site) quiet(what string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.complaints {
		s.t.Errorf("%s: the browser says: %s", what, c)
	}
	s.complaints = nil
}

// serious are the findings of axe that are serious or worse.
func serious(ctx context.Context) (found []string, err error) {
	const ask = `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0] ? n.any[0].message : "")).join(" | ")))`
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe)); err != nil {
		return nil, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[[]string](ask, chromedp.EvalAwaitPromise))
}

const somebody = "/users/demo/5f0c8a4e-0000-4000-8000-000000000009"

// pages are all that an operator sees.
var pages = map[string]string{
	"right": "/", "why": "/why", "user": somebody, "tokens": "/tokens", "keys": "/keys", "orders": "/orders", "parked": "/parked", "log": "/log",
	"audit": "/audit", "plots": "/plots", "setup": "/setup",
	"pardon": "/orders/pardon?cause=order-000010&realm=demo&user=5f0c8a4e-0000-4000-8000-000000000010",
}

var sizes = []int64{320, 900, 1600}

// Ensure every page fits a screen of each size, has no serious finding of axe and breaks none of its
// own rules, with no row, one and a thousand.
func TestEveryPage(t *testing.T) {
	ctx := browser(t)
	for _, rows := range []int{0, 1, 1000} {
		s := newSite(ctx, t, consoletest.Options{Users: rows})
		for name, path := range pages {
			for _, width := range sizes {
				what := fmt.Sprintf("%s with %d rows at %d", name, rows, width)
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), s.open(path)); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if wide {
					t.Errorf("%s: it scrolls sideways", what)
				}
				if width == 320 {
					continue
				}
				found, err := serious(ctx)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for _, f := range found {
					t.Errorf("%s: %s", what, f)
				}
			}
			s.quiet(fmt.Sprintf("%s with %d rows", name, rows))
		}
	}
}

// Ensure colours are legible in the dark, too.
func TestDark(t *testing.T) {
	ctx := browser(t)
	s := newSite(ctx, t, consoletest.Options{Users: 40})
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	for name, path := range pages {
		if err := chromedp.Do(ctx, s.open(path)); err != nil {
			t.Fatal(err)
		}
		found, err := serious(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s in the dark: %s", name, f)
		}
	}
}

// Ensure the pictures in docs/console can be made again: CONSOLE_PICTURES names a folder.
func TestPictures(t *testing.T) {
	to := os.Getenv("CONSOLE_PICTURES")
	if to == "" {
		return
	}
	ctx := browser(t)
	s := newSite(ctx, t, consoletest.Options{Users: 60, Plain: true})
	for name, path := range pages {
		for _, width := range sizes {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), s.open(path)); err != nil {
				t.Fatal(err)
			}
			shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			png, err := small(shot)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%s-%d.png", name, width)), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
