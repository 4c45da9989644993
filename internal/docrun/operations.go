package docrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// operations are the calls of authapi, by method and path as /openapi.json has them, with a pattern of what they match.
type operations map[string]*regexp.Regexp

func operationsOf(ctx context.Context, authapi string) (operations, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authapi+"/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the calls of authapi: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("read the calls of authapi: %w", err)
	}
	all := operations{}
	for path, methods := range doc.Paths {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
		for method := range methods {
			all[strings.ToUpper(method)+" "+path] = pattern
		}
	}
	return all, nil
}

// of is the operation of an exchange; "" if it is none. A path without a variable goes before one with.
func (all operations) of(e exchange) string {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(name, e.method+" ") && all[name].MatchString(e.path) {
			return name
		}
	}
	return ""
}

// recorded is one exchange as /openapi.json shows it. internal/authapi/apidoc reads the file that they are written to.
type recorded struct {
	Status  int `json:"status"`
	Request any `json:"request,omitempty"`
	Answer  any `json:"answer,omitempty"`
}

// note keeps an exchange as its operation's example, the first one that succeeded, else the first one.
func (p *player) note(e exchange, answer any) {
	name := p.calls.of(e)
	if old, ok := p.seen[name]; name == "" || ok && (old.Status < http.StatusBadRequest || e.status >= http.StatusBadRequest) {
		return
	}
	p.seen[name] = recorded{e.status, p.request(e), whole(answer)}
}

// whole leaves out the sign that a list was cut: each element of an example must have the described form.
func whole(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for i, m := range v {
			out[i] = member{m.name, whole(m.value)}
		}
		return out
	case []any:
		out := []any{}
		for _, one := range v {
			if one != cut {
				out = append(out, whole(one))
			}
		}
		return out
	}
	return v
}

// request is an exchange's body, with the same examples as its answer.
func (p *player) request(e exchange) any {
	if strings.HasPrefix(e.kind, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(e.body))
		if err != nil {
			return nil
		}
		out := object{}
		for _, name := range slices.Sorted(maps.Keys(form)) {
			out = append(out, member{name, p.known.text(name, form.Get(name))})
		}
		return out
	}
	v, err := parse(e.body)
	if err != nil {
		return nil // no body
	}
	return p.known.of("", v)
}

// keepExamples writes what was seen, or holds the file to it. Every operation must have been seen.
func (p *player) keepExamples(o Options) error {
	var missing []string
	for name := range p.calls {
		if _, ok := p.seen[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("no answer is shown to: %s", strings.Join(missing, ", "))
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p.seen); err != nil {
		return err
	}
	file := filepath.Join(o.Root, o.Examples)
	if o.Write {
		return os.WriteFile(file, []byte(b.String()), 0o644) //nolint:gosec // a part of the source
	}
	raw, err := os.ReadFile(file) //nolint:gosec // the caller's own file
	if err == nil && string(raw) != b.String() {
		err = errors.New(o.Examples + " is not what the documents' calls are answered: write it with DOCS_WRITE=1")
	}
	return err
}
