package console

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = parse()

// parse joins each page with the frame. A page that does not parse is a fault of the program.
func parse() map[string]*template.Template {
	frame := template.Must(template.New("frame.html").Funcs(helpers).ParseFS(templateFiles, "templates/frame.html", "templates/parts.html"))
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	all := map[string]*template.Template{}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name != "frame" && name != "parts" {
			all[name] = template.Must(template.Must(frame.Clone()).ParseFS(templateFiles, "templates/"+e.Name()))
		}
	}
	return all
}

var helpers = template.FuncMap{
	"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"utc":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"plain":  page.Plain,
	"figure": figure,
	"user":   userURL,
	"keys": func(realm, user string) string {
		return "/keys?" + url.Values{"realm": {realm}, "user": {user}}.Encode()
	},
	"orders": func(user string) string { return "/orders?" + url.Values{"user": {user}}.Encode() },
	"pardon": func(g page.Given) string {
		return "/orders/pardon?" + url.Values{"realm": {g.Realm}, "user": {g.User}, "cause": {g.ID}}.Encode()
	},
	"local": func(path, is string) bool { return path == is || is != "/" && strings.HasPrefix(path, is) },
}

// figure is a number in three digits or so; "–" for none.
func figure(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'g', 3, 64)
}

// frame is what every page has around it.
type frame struct {
	Title   string
	Visitor Visitor
	In      bool
	Open    bool
	Unasked bool
	Path    string
	Nav     []link
	Version string
	Now     time.Time
	Page    any
}

type link struct{ To, Name string }

// nav has what the visitor may open. A link that leads to a refusal would waste their time.
func nav(v Visitor) (links []link) {
	for _, l := range []struct {
		link
		role Role
	}{
		{link{"/", "Is it right?"}, Viewer},
		{link{"/why", "Why?"}, Support},
		{link{"/tokens", "Tokens"}, Viewer},
		{link{"/keys", "Keys"}, Support},
		{link{"/orders", "Orders"}, Viewer},
		{link{"/parked", "Parked"}, Viewer},
		{link{"/log", "Log"}, Viewer},
		{link{"/audit", "Audit"}, Viewer},
		{link{"/plots", "Plots"}, Viewer},
		{link{"/setup", "Set-up"}, Viewer},
	} {
		if v.Role >= l.role {
			links = append(links, l.link)
		}
	}
	return links
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, v Visitor, unasked bool, a answer) {
	var body bytes.Buffer // whole or not at all: half a page would look like an answer
	err := templates[a.page].ExecuteTemplate(&body, "frame.html", frame{
		Title: a.title, Visitor: v, In: v.Role > Nobody, Open: s.Logins.Open, Unasked: unasked, Path: r.URL.Path, Nav: nav(v),
		Version: s.Version, Now: s.Known.Now().UTC(), Page: a.data,
	})
	if err != nil {
		s.Logger.Error().Err(err).Str("page", a.page).Msg("a page cannot be written")
		http.Error(w, "This page failed. It is a fault of the console; its log has the details.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(body.Bytes()) // the reader is gone, then
}

// problem is a page that says what is wrong and what to do.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, v Visitor, err error) {
	bad := &fault{http.StatusInternalServerError, "This page failed", "It is a fault of the console; its log has the details."}
	_ = errors.As(err, &bad)
	s.render(w, r, v, false, answer{page: "problem", title: bad.title, status: bad.status, data: struct{ Text string }{bad.text}})
}

// sendFile writes CSV. A cell that a spreadsheet would take for a formula is made a text.
func (s *Server) sendFile(w http.ResponseWriter, f *file) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	out := csv.NewWriter(w)
	err := f.rows(func(fields ...string) error {
		for i, text := range fields {
			if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
				fields[i] = "'" + text
			}
		}
		return out.Write(fields)
	})
	out.Flush()
	if err != nil {
		s.Logger.Error().Err(err).Str("file", f.name).Msg("a file ends early")
		panic(http.ErrAbortHandler) // so that nobody takes half a file for the whole
	}
}
