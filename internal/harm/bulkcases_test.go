//go:build harm

package harm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
)

// largest is the stream's max_msg_size.
const largest = 64 << 10

// heard is what the looks at one user told so far.
type heard struct {
	sessions map[string]bool
	messages int
	largest  int
	cut      int // rosters that prove no absence
}

func (h *heard) take(raw []byte, user string) {
	var o events.Observation
	if json.Unmarshal(raw, &o) != nil {
		return
	}
	about := o.User != nil && o.User.User == user
	for _, roster := range o.Rosters {
		if roster.User != user {
			continue
		}
		about = true
		if !roster.Complete {
			h.cut++
		}
		for _, s := range roster.Sessions {
			h.sessions[s.Session] = true
		}
	}
	if about {
		h.messages++
		h.largest = max(h.largest, len(raw))
	}
}

// wealthy gives a user many sessions and a role, and ends one session.
func (w *world) wealthy(t *testing.T, n int) {
	t.Helper()
	ids, guests := map[*side]string{}, map[*side][]guest{}
	for _, r := range w.sides() {
		id, name, err := r.user(w.ctx)
		must(t, err)
		g, err := w.admit(r, name)
		must(t, err)
		play.Pause(w.ctx, 2*birth)
		w.populate(t, id, fmt.Sprintf("%s%d-", r.Realm[:2], n), n)
		ids[r], guests[r] = id, []guest{g}
	}
	log := w.listen(t)
	name := fmt.Sprintf("wealthy_%d", n)
	began := time.Now()
	w.administer(t, name+"_role", func(ctx context.Context, r *side) error {
		began = time.Now() // last in the realm that is heard
		return r.role(ctx, ids[r])
	})
	told, last := heard{sessions: map[string]bool{}}, began
	for len(told.sessions) <= n {
		m, err := log.Next(jetstream.FetchMaxWait(settled))
		if err != nil {
			t.Fatalf("a look at a user with %d sessions told only %d: %v", n+1, len(told.sessions), err)
		}
		var envelope struct{ Data json.RawMessage }
		must(t, json.Unmarshal(m.Data(), &envelope))
		told.take(envelope.Data, ids[w.with])
		told.largest = max(told.largest, len(m.Data()))
		if meta, err := m.Metadata(); err == nil {
			last = meta.Timestamp
		}
	}
	say("bulk=%s messages=%d largest_bytes=%d cut=%d told_after_s=%.1f", name, told.messages, told.largest, told.cut, last.Sub(began).Seconds())
	if told.largest > largest || told.cut > 0 {
		t.Errorf("a look at a user with %d sessions: the largest message has %d bytes, %d rosters were cut", n+1, told.largest, told.cut)
	}
	w.asked(t, name, ids[w.with], n)
	w.administer(t, name+"_logout", func(_ context.Context, r *side) error { return r.end(w.ctx, guests[r][0].token) })
	w.judged(t, name, guests[w.with], guests[w.without], false)
}

// listen reads the looks of the heard realm from now on.
func (w *world) listen(t *testing.T) jetstream.Consumer {
	t.Helper()
	nc, err := nats.Connect(w.stack.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	stream, err := js.Stream(w.ctx, "TOKENSTATE")
	must(t, err)
	log, err := stream.OrderedConsumer(w.ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{"tokenstate.v1." + w.with.Realm + ".observation.>"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: stream.CachedInfo().State.LastSeq + 1,
	})
	must(t, err)
	return log
}

// role gives a user a role, which is an event about the user.
func (r *side) role(ctx context.Context, user string) error {
	var role map[string]any
	if err := r.call(ctx, http.MethodGet, "/roles/uma_authorization", nil, &role); err != nil {
		return err
	}
	return r.call(ctx, http.MethodPost, "/users/"+user+"/role-mappings/realm", []any{role}, nil)
}

// asked has the worker's own code ask the resource for the same user.
func (w *world) asked(t *testing.T, name, user string, n int) {
	t.Helper()
	if !w.answered {
		return
	}
	a, err := w.reader()
	must(t, err)
	began := time.Now()
	parts, err := a.Resource().Look(w.ctx, w.with.Realm, keycloak.Asked{User: user})
	must(t, err)
	took := time.Since(began)
	told := heard{sessions: map[string]bool{}}
	for _, part := range parts.Parts {
		told.take(part, user)
	}
	say("bulk=%s resource parts=%d largest_bytes=%d cut=%d took_ms=%d", name, told.messages, told.largest, told.cut, took.Milliseconds())
	if len(told.sessions) != n+1 || told.largest > largest || told.cut > 0 {
		t.Errorf("the resource told %d of %d sessions, the largest part has %d bytes, %d rosters were cut", len(told.sessions), n+1, told.largest, told.cut)
	}
}

// owners have a bulk of sessions between them.
const owners = 50

// logoutAll ends every session of a realm.
func (w *world) logoutAll(t *testing.T, n int) {
	t.Helper()
	guests := map[*side][]guest{}
	for _, r := range w.sides() {
		for i := range owners {
			id, name, err := r.user(w.ctx)
			must(t, err)
			g, err := w.admit(r, name)
			must(t, err)
			_, err = r.Grant(w.ctx, "app", name, "") // an online session
			must(t, err)
			guests[r] = append(guests[r], g)
			w.populate(t, id, fmt.Sprintf("%sall%d-", r.Realm[:2], i), n/owners)
		}
	}
	w.administer(t, "logout_all", func(ctx context.Context, r *side) error { return r.slowly(ctx, "/logout-all", nil) })
	lives, err := w.without.lives(w.ctx, guests[w.without][0].token)
	must(t, err)
	w.judged(t, "logout_all", guests[w.with], guests[w.without], lives)
}

// together are the users of one import. Keycloak does an import in one transaction, within five minutes, and its time
// grows with the square of the users: 200 took it a second here, and 20,000 did not end in either realm.
const together = 200

// partialImports brings in the same users three times: new ones, ones who are there and stay, ones who are replaced.
func (w *world) partialImports(t *testing.T, n int) {
	t.Helper()
	const few = 5
	var users []any
	for i := range n {
		account := map[string]any{"username": fmt.Sprintf("imported%d", i), "enabled": true}
		if i < few {
			account = play.Account(fmt.Sprintf("imported%d", i))
		}
		account["realmRoles"] = []string{play.Offline}
		users = append(users, account)
	}
	bring := func(policy string) func(context.Context, *side) error {
		return func(ctx context.Context, r *side) error {
			for some := range slices.Chunk(users, together) {
				if err := r.slowly(ctx, "/partialImport", map[string]any{"ifResourceExists": policy, "users": some}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	w.administer(t, "import_new", bring("SKIP"))
	guests := map[*side][]guest{}
	for _, r := range w.sides() {
		for i := range few {
			g, err := w.admit(r, fmt.Sprintf("imported%d", i))
			must(t, err)
			guests[r] = append(guests[r], g)
		}
	}
	w.administer(t, "import_skip", bring("SKIP"))
	w.judged(t, "import_skip", guests[w.with], guests[w.without], true)
	w.administer(t, "import_overwrite", bring("OVERWRITE"))
	w.judged(t, "import_overwrite", guests[w.with], guests[w.without], false)
}
