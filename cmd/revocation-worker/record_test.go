//go:build record

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The recorder plays every row of keycloak.md's action table on a real Keycloak, and writes what
// the listener published and what looks over the admin API saw, together with Keycloak's own
// answer to a refresh of each token. internal/tokenstate's tests hold the verdicts against them.
//
//	make record SCENE=<pattern>

const scenesDir = "../../internal/events/testdata/scenes"

// scene is one story; its name is the file's.
type scene struct {
	name, row string
	do        func(r *recorder)
}

type recordedScene struct {
	Scene    string            `json:"scene"`
	Row      string            `json:"row"`
	Server   string            `json:"server"`
	Messages []recordedMessage `json:"messages"`
	Answers  []answer          `json:"answers"`
}

type recordedMessage struct {
	Received events.Millis   `json:"received"`
	Message  json.RawMessage `json:"message"`
}

// answer is what Keycloak said of a token, when the log held the first After messages.
type answer struct {
	After       int            `json:"after"`
	When        string         `json:"when"`
	Token       string         `json:"token"`
	User        string         `json:"user"`
	Client      string         `json:"client"`
	ClientID    string         `json:"client_id"`
	Session     string         `json:"session"`
	IssuedAt    events.Seconds `json:"issued_at"`
	Issuer      string         `json:"issuer"`
	Status      int            `json:"status"`
	Error       string         `json:"error,omitempty"`
	Description string         `json:"error_description,omitempty"`
}

type heldToken struct {
	play.Tokens
	play.Claims
	name, uuid string
}

type recorder struct {
	*testing.T
	ctx   context.Context
	env   devstack.Env
	k     *play.Keycloak
	up    *play.Keycloak // a second realm, where a scene needs one
	ask   asking.Asker
	user  string // the scene's person
	uuids map[string]string
	held  []*heldToken
	out   recordedScene

	mu       sync.Mutex
	messages []recordedMessage
	beat     chan events.Message
}

const person = "ann"

// margin is the settling margin that the scenes wait for, a little more than devstack's.
const margin = 2100 * time.Millisecond

func TestRecord(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	env, err := devstack.EnvFromProcess()
	if err != nil || env.KeycloakURL == "" {
		t.Fatalf("the recorder needs a stack: make up (%v)", err)
	}
	seen := map[string]bool{}
	for _, s := range slices.Concat(scenesOfSessions, scenesOfUsers, scenesOfRealms, scenesOfProviders, scenesOfTime) {
		if seen[s.name] {
			t.Fatalf("two scenes are called %s", s.name)
		}
		seen[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // each has a realm of its own
			record(t, env, s)
		})
	}
}

func record(t *testing.T, env devstack.Env, s scene) {
	t.Helper()
	r := &recorder{T: t, ctx: t.Context(), env: env, uuids: map[string]string{}, beat: make(chan events.Message, 100)}
	env.KeycloakRealm = "r-" + s.name
	r.k = play.KeycloakOf(env)
	r.realm(env.KeycloakRealm)
	r.ask = asking.Asker{Admin: r.admin()}
	r.listen(env)
	r.uuids["app"], r.uuids["app2"] = r.client("app"), r.client("app2")
	var err error
	r.user, err = r.k.NewUser(r.ctx, person)
	r.must(err)
	r.out = recordedScene{Scene: s.name, Row: s.row, Server: devstack.KeycloakVersion}
	s.do(r)
	if len(r.out.Answers) == 0 {
		t.Fatal("nothing was asked")
	}
	if s.row != "" {
		r.write()
	}
}

// realm makes a realm of the recorder's own, and removes it in the end.
func (r *recorder) realm(name string) {
	r.Helper()
	admin := devstack.AdminOf(r.env)
	err := errors.New("not tried")
	for try := 0; try < 5 && err != nil; try++ { // a busy machine takes longer than the administrator waits
		err = errors.Join(admin.DeleteRealm(r.ctx, name), admin.NewRealm(r.ctx, name))
	}
	r.must(err)
	r.Cleanup(func() {
		if err := admin.DeleteRealm(context.Background(), name); err != nil {
			r.Error(err)
		}
	})
}

func (r *recorder) admin() *keycloak.Admin {
	a, err := keycloak.NewAdmin(keycloak.Config{
		BaseURL: r.env.KeycloakURL, Realm: "master", ClientID: r.env.WorkerClientID, ClientSecret: secret.New(r.env.WorkerClientSecret),
		Transport: &http.Transport{DisableKeepAlives: true},
	})
	r.must(err)
	return a
}

func (r *recorder) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// listen collects the listener's messages about the scene's realm.
func (r *recorder) listen(env devstack.Env) {
	r.Helper()
	log, err := stream.Connect(r.ctx, stream.Options{URL: env.NATSURL, Inbox: "_INBOX_op", Name: "recorder", Logger: zerolog.Nop()})
	r.must(err)
	info, err := log.Info(r.ctx)
	r.must(err)
	in, err := log.Read(r.ctx, info.Last)
	r.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, err := in.Next(ctx)
			if err != nil {
				return
			}
			r.arrived(e)
		}
	}()
	r.Cleanup(func() { cancel(); <-done; in.Stop(); log.Close() })
}

func (r *recorder) arrived(e journal.Entry) {
	m, err := events.Decode(e.Raw)
	if err != nil {
		r.Error(err)
		return
	}
	if _, ok := m.Body.(*events.Heartbeat); ok && m.Source == events.Listener {
		select {
		case r.beat <- m:
		default:
		}
	}
	if m.Realm == r.k.Realm && m.Source == events.Listener {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.messages = append(r.messages, recordedMessage{e.Received, e.Raw})
	}
}

// quiet waits until the listener says that everything up to now is delivered.
func (r *recorder) quiet() {
	r.Helper()
	now := events.Millis(time.Now().UnixMilli())
	for {
		select {
		case m := <-r.beat:
			if h, ok := m.Body.(*events.Heartbeat); ok && h.Queued == 0 && m.At > now {
				return
			}
		case <-time.After(30 * time.Second):
			r.Fatal("the listener never came to rest")
		}
	}
}

// age waits until every token is old enough for its absence to count.
func (r *recorder) age() {
	for _, h := range r.held {
		play.Pause(r.ctx, time.Until(time.Unix(h.IssuedAt, 0).Add(margin)))
	}
	r.quiet()
}

// look adds what the admin API shows of everything that the scene is about.
func (r *recorder) look() {
	r.Helper()
	realm := tokenstate.Scope{Realm: r.k.Realm}
	scopes := []tokenstate.Scope{realm}
	for _, uuid := range slices.Sorted(maps.Values(r.uuids)) {
		scopes = append(scopes, tokenstate.Scope{Realm: r.k.Realm, Client: uuid})
	}
	users := []string{r.user}
	var tokens []tokenstate.Token
	for _, h := range r.held {
		users = append(users, h.User)
		tokens = append(tokens, tokenstate.Token{Client: h.uuid, Session: h.Session})
	}
	slices.Sort(users)
	for _, u := range slices.Compact(users) {
		scopes = append(scopes, tokenstate.Scope{Realm: r.k.Realm, User: u})
	}
	for _, s := range scopes {
		ms, err := r.ask.Look(r.ctx, s, tokens)
		if err != nil {
			r.Logf("the look at %+v brings nothing: %v", s, err)
		}
		for _, m := range ms {
			raw, err := events.Encode(m)
			r.must(err)
			r.mu.Lock()
			r.messages = append(r.messages, recordedMessage{events.Millis(time.Now().UnixMilli()), raw})
			r.mu.Unlock()
		}
	}
}

// asks waits for the listener, looks, and asks Keycloak about every token.
func (r *recorder) asks(when string) {
	r.Helper()
	r.quiet()
	r.age()
	r.look()
	r.mu.Lock()
	after := len(r.messages)
	r.mu.Unlock()
	for _, h := range r.held {
		a := answer{
			After: after, When: when, Token: h.name, User: h.User, Client: h.uuid, ClientID: h.Client,
			Session: h.Session, IssuedAt: events.Seconds(h.IssuedAt), Issuer: h.Issuer, Status: http.StatusOK,
		}
		_, err := r.k.Refresh(r.ctx, h.Tokens)
		if refused, ok := errors.AsType[*play.RefusedError](err); ok {
			var said struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
			}
			r.must(json.Unmarshal([]byte(refused.Text), &said))
			a.Status, a.Error, a.Description = refused.Status, said.Error, said.Description
		} else {
			r.must(err)
		}
		r.Logf("%s: %s → %d %s", when, h.name, a.Status, a.Description)
		r.out.Answers = append(r.out.Answers, a)
	}
}

func (r *recorder) write() {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Messages = r.messages[:r.out.Answers[len(r.out.Answers)-1].After]
	var b bytes.Buffer
	b.WriteString("{\n")
	line := func(name string, v any, end string) {
		raw, err := json.Marshal(v)
		r.must(err)
		fmt.Fprintf(&b, " %q: %s%s\n", name, raw, end)
	}
	line("scene", r.out.Scene, ",")
	line("row", r.out.Row, ",")
	line("server", r.out.Server, ",")
	lines(r, &b, "messages", r.out.Messages, ",")
	lines(r, &b, "answers", r.out.Answers, "")
	b.WriteString("}\n")
	r.must(os.MkdirAll(scenesDir, 0o750))
	r.must(os.WriteFile(filepath.Join(scenesDir, r.out.Scene+".json"), b.Bytes(), 0o600))
}

// lines writes a list, one member a line, for a difference to be readable.
func lines[T any](r *recorder, b *bytes.Buffer, name string, all []T, end string) {
	fmt.Fprintf(b, " %q: [\n", name)
	for i, v := range all {
		raw, err := json.Marshal(v)
		r.must(err)
		sep := ","
		if i == len(all)-1 {
			sep = ""
		}
		fmt.Fprintf(b, "  %s%s\n", raw, sep)
	}
	fmt.Fprintf(b, " ]%s\n", end)
}

// What scenes do.

// call is the administrator's, below the realm.
func (r *recorder) call(method, path string, body, out any) string {
	r.Helper()
	id, err := r.k.Call(r.ctx, method, path, body, out)
	r.must(err)
	return id
}

func (r *recorder) post(path string, body any) string {
	r.Helper()
	return r.call(http.MethodPost, path, body, nil)
}

func (r *recorder) put(path string, body any) {
	r.Helper()
	r.call(http.MethodPut, path, body, nil)
}

func (r *recorder) del(path string) {
	r.Helper()
	r.call(http.MethodDelete, path, nil, nil)
}

func (r *recorder) client(clientID string) string {
	r.Helper()
	var found []struct{ ID string }
	r.call(http.MethodGet, "/clients?clientId="+clientID, nil, &found)
	if len(found) != 1 {
		r.Fatalf("%d clients are called %s", len(found), clientID)
	}
	return found[0].ID
}

// change changes a client; Keycloak wants its client_id to stay in the body.
func (r *recorder) change(client string, what map[string]any) {
	r.Helper()
	if what["clientId"] == nil {
		what["clientId"] = client
	}
	r.put("/clients/"+r.uuids[client], what)
}

// grant logs in without a browser and holds the token under a name.
func (r *recorder) grant(name, client string) *heldToken {
	r.Helper()
	t, err := r.k.Grant(r.ctx, client, person, play.Offline)
	r.must(err)
	return r.hold(name, t)
}

func (r *recorder) hold(name string, t play.Tokens) *heldToken {
	r.Helper()
	c, err := t.Claims()
	r.must(err)
	if c.Type != "Offline" {
		r.Fatalf("%s is no offline token but %s", name, c.Type)
	}
	h := &heldToken{t, c, name, r.uuids[t.Client]}
	r.held = append(r.held, h)
	r.quiet()
	return h
}

// login is by browser.
func (r *recorder) login(b *play.Browser, client, scope string) play.Tokens {
	r.Helper()
	t, err := b.Login(r.ctx, client, person, scope)
	r.must(err)
	return t
}

// poke makes the listener look at the person: an admin changes nothing that matters.
func (r *recorder) poke() {
	r.Helper()
	r.put("/users/"+r.user, map[string]any{"firstName": "Other"})
}

// account calls the account console's API as the person.
func (r *recorder) account(t play.Tokens, method, path string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.ctx, method, r.k.URL+"/realms/"+r.k.Realm+"/account"+path, nil)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+t.Access)
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	r.must(res.Body.Close())
	if res.StatusCode/100 != 2 {
		r.Fatalf("account %s %s: %d", method, path, res.StatusCode)
	}
}

// roles gives or takes realm roles of the path's owner (users/…, groups/…).
func (r *recorder) roles(method, path string, names ...string) {
	r.Helper()
	var all []any
	for _, n := range names {
		var role map[string]any
		r.call(http.MethodGet, "/roles/"+n, nil, &role)
		all = append(all, role)
	}
	r.call(method, path, all, nil)
}

func (r *recorder) defaults() string { return "default-roles-" + strings.ToLower(r.k.Realm) }
