//go:build record

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// thousand is more than a roster, a message and a listener's look hold.
const thousand = 1100

// Ensure a user with more offline sessions than a message holds is settled: a session that an
// event names by the listener alone, and every token by looks over the admin API.
func TestThousandSessions(t *testing.T) {
	env, err := devstack.EnvFromProcess()
	if err != nil || env.KeycloakURL == "" {
		t.Fatalf("this test needs a stack: make up (%v)", err)
	}
	record(t, env, scene{"thousand", "", func(r *recorder) {
		r.thousand()
		ended, spared := r.held[0], r.held[1]
		vector := manyVector{Server: r.out.Server}
		for _, h := range r.held {
			vector.Tokens = append(vector.Tokens, answer{User: h.User, Client: h.uuid, ClientID: h.Client, Session: h.Session, IssuedAt: events.Seconds(h.IssuedAt)})
		}
		r.must(r.k.Logout(r.ctx, ended.Tokens))
		r.quiet()
		vector.After = append(vector.After, r.told())
		f := r.facts(events.Listener)
		if v := tokenstate.Judge(r.token(ended), f, tokenstate.DefaultRules()); v.State != tokenstate.Revoked {
			r.Errorf("the ended one by the listener alone: %+v", v)
		}
		if v := tokenstate.Judge(r.token(spared), f, tokenstate.DefaultRules()); v.State != tokenstate.Usable || !v.InDoubt {
			r.Errorf("a spared one by the listener alone: %+v", v)
		}
		began := time.Now()
		r.look()
		r.Logf("looked over the admin API in %s", time.Since(began).Round(time.Millisecond))
		r.settled(func(h *heldToken) bool { return h != ended })
		vector.After = append(vector.After, r.told())

		r.del("/users/" + r.user + "/consents/app")
		r.quiet()
		r.look()
		r.settled(func(*heldToken) bool { return false })
		vector.After = append(vector.After, r.told())
		r.writeMany(vector)
		r.held = r.held[:2]
		r.asks("consent removed") // and Keycloak agrees, of two
		for _, a := range r.out.Answers {
			if a.Status == 200 {
				r.Errorf("%+v", a)
			}
		}
	}})
}

func (r *recorder) thousand() {
	r.Helper()
	r.put("", map[string]any{"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"}) // else the hashes take minutes
	r.put("/users/"+r.user+"/reset-password", map[string]any{"type": "password", "value": play.Password})
	began := time.Now()
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range thousand {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t, err := r.k.Grant(r.ctx, "app", person, play.Offline)
			if err != nil {
				r.Error(err)
				return
			}
			c, err := t.Claims()
			if err != nil {
				r.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			r.held = append(r.held, &heldToken{t, c, fmt.Sprint(i), r.uuids["app"]})
		})
	}
	wg.Wait()
	r.Logf("%d logins in %s", len(r.held), time.Since(began).Round(time.Second))
	r.age()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = nil // of the births: a look after each, of hundreds of sessions
}

// manyVector is what internal/tokenstate's tests hold the core to: the first token was logged out,
// the others were spared, and then all were ended. After tells how many messages there were when the
// listener alone had told of the first, when looks over the admin API had, and in the end.
type manyVector struct {
	Server   string            `json:"server"`
	After    []int             `json:"after"`
	Tokens   []answer          `json:"tokens"`
	Messages []recordedMessage `json:"messages"`
}

// told is how many messages there are.
func (r *recorder) told() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages)
}

func (r *recorder) writeMany(v manyVector) {
	r.Helper()
	r.mu.Lock()
	v.Messages = r.messages[:v.After[len(v.After)-1]]
	r.mu.Unlock()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	r.must(json.NewEncoder(z).Encode(v))
	r.must(z.Close())
	r.Logf("the vector has %d messages and %d bytes", len(v.Messages), b.Len())
	if b.Len() > 200<<10 {
		r.Error("it is too large to be kept")
		return
	}
	r.must(os.WriteFile("../../internal/events/testdata/thousand.json.gz", b.Bytes(), 0o600))
}

func (r *recorder) token(h *heldToken) tokenstate.Token {
	return tokenstate.Token{Realm: r.k.Realm, User: h.User, Client: h.uuid, ClientID: h.Client, Session: h.Session, IssuedAt: events.Seconds(h.IssuedAt)}
}

// facts folds what was seen, of these sources or of all.
func (r *recorder) facts(sources ...events.Source) tokenstate.Facts {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := tokenstate.NewFacts()
	for _, raw := range r.messages {
		m, err := events.Decode(raw.Message)
		r.must(err)
		m.Received = raw.Received
		if len(sources) == 0 || m.Source == sources[0] {
			f.Add(tokenstate.Learn(m))
		}
	}
	return f
}

// settled: every token is judged rightly, and none is in doubt.
func (r *recorder) settled(lives func(*heldToken) bool) {
	r.Helper()
	rules := tokenstate.DefaultRules()
	rules.Margin, rules.Skew, rules.CacheLag = 2_000, 0, 200
	f := r.facts()
	for _, h := range r.held {
		if v := tokenstate.Judge(r.token(h), f, rules); (v.State == tokenstate.Usable) != lives(h) || v.InDoubt {
			r.Errorf("token %s: %+v", h.name, v)
			return
		}
	}
}
