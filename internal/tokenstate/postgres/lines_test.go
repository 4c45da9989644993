package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/folded"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	ann = "0f0f0f0f-0000-4000-8000-000000000001"
	ben = "0f0f0f0f-0000-4000-8000-000000000002"
)

// told is a logout that says more than is needed.
func told(tb testing.TB, id, user string) (events.Message, []byte) {
	tb.Helper()
	m := events.Message{ID: id, Realm: "demo", At: 1_700_000_000_000, Node: "kc1", Server: "26.7.3", Source: events.Listener, Body: &events.Happened{
		Event: id, Kind: "user", Type: "LOGOUT", User: user, Session: "session-of-" + user, Details: map[string]string{"note": "do-not-keep"},
	}}
	raw, err := events.Encode(m)
	must(tb, err)
	return m, raw
}

// oldLine writes a line as programs before schema 73 do.
func (s *Store) oldLine(tb testing.TB, id, user string, about ...string) {
	tb.Helper()
	_, raw := told(tb, id, user)
	_, err := s.pool.Exec(tb.Context(), "INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw, about) VALUES ($1, 1, 1, 'demo', 'event', $2, $3)", id, raw, about)
	must(tb, err)
}

// line writes one as we do.
func (s *Store) line(tb testing.TB, id, user string) {
	tb.Helper()
	m, raw := told(tb, id, user)
	_, err := s.Relearn(tb.Context(), Learnt{
		Journal: []journal.Line{{ID: id, Seq: 2, Received: 2, Realm: "demo", Class: "event", Raw: raw, About: m.About()}}, Facts: tokenstate.Learn(m),
	})
	must(tb, err)
}

// eraseNow applies the order to erase a user.
func (s *Store) eraseNow(tb testing.TB, user string) error {
	tb.Helper()
	_, err := Write(tb.Context(), s.pool, func(tx pgx.Tx) ([]Name, error) {
		return nil, blank(tb.Context(), tx, tokenstate.Scope{Realm: "demo", User: user}, 10)
	})
	return err
}

func idsOf(ms []events.Message) (ids []string) {
	for _, m := range ms {
		ids = append(ids, m.ID)
	}
	return ids
}

// Ensure lines of older programs and ours lie in one journal: found by whom they name, by their ids and by their order, as they
// came; and that what is erased is gone from both, and from nobody else's.
func TestOldAndNewLines(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	s.oldLine(t, "old-line-ann", ann, ann, "session-of-"+ann)
	s.oldLine(t, "old-line-ben", ben, ben)
	s.line(t, "new-line-ann", ann)
	s.line(t, "new-line-ben", ben)
	// A line that only looks alike: its name has the same place in the index.
	s.line(t, "line-alike", "somebody-else")
	_, err := s.pool.Exec(ctx, "UPDATE tokenstate.journal SET about = $1 WHERE id = 'line-alike'", []string{tag(ann)})
	must(t, err)

	for name, want := range map[string][]string{ann: {"old-line-ann", "new-line-ann"}, "session-of-" + ben: {"new-line-ben"}, "nobody": nil, "somebody-else": nil} {
		ms, err := s.JournalAbout(ctx, "demo", []string{name}, 10)
		if must(t, err); !slices.Equal(idsOf(ms), want) {
			t.Errorf("%s: %v", name, idsOf(ms))
		}
		if named, err := s.Named(ctx, "demo", name); err != nil || named != (len(want) > 0) {
			t.Errorf("%s is named: %v, %v", name, named, err)
		}
	}
	lines, last, err := s.JournalPage(ctx, 0, 4)
	must(t, err)
	for _, e := range lines {
		user := ann
		if strings.HasSuffix(e.ID, "ben") {
			user = ben
		}
		if _, raw := told(t, e.ID, user); !bytes.Equal(e.Raw, raw) {
			t.Errorf("%s is %s", e.ID, e.Raw)
		}
	}
	if rest, _, err := s.JournalLinesTo(ctx, last, last+1, 10); err != nil || len(lines) != 4 || len(rest) != 1 || rest[0].ID != "line-alike" {
		t.Errorf("%d lines, then %+v, %v", len(lines), rest, err)
	}
	has, err := s.JournalHas(ctx, []string{"old-line-ann", "new-line-ann"})
	if must(t, err); len(has) != 2 || !bytes.Contains(has["new-line-ann"].Raw, []byte(ann)) {
		t.Errorf("%+v", has)
	}

	must(t, s.eraseNow(t, ann))
	for id, want := range map[string]bool{"old-line-ann": false, "new-line-ann": false, "old-line-ben": true, "new-line-ben": true, "line-alike": true} {
		has, err := s.JournalHas(ctx, []string{id})
		if must(t, err); bytes.Contains(has[id].Raw, []byte("do-not-keep")) != want {
			t.Errorf("%s is %s", id, has[id].Raw)
		}
	}
	if ms, err := s.JournalAbout(ctx, "demo", []string{ann}, 10); err != nil || len(ms) != 2 {
		t.Errorf("%v, %v", idsOf(ms), err)
	}
	var plain []string // all but the one that nobody has written since
	must(t, s.pool.QueryRow(ctx, "SELECT array_agg(id) FROM tokenstate.journal WHERE get_byte(raw, 0) > 8 OR about && $1", []string{"session-of-" + ann}).Scan(&plain))
	if slices.Sort(plain); !slices.Equal(plain, []string{"old-line-ann", "old-line-ben"}) {
		t.Errorf("as they came, or under whole names: %v", plain)
	}
}

// Ensure what this program cannot read is said, with its message, wherever the journal is read: nothing is passed over.
func TestLinesOfANewerProgram(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	_, err := s.pool.Exec(ctx, `INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw, about)
		VALUES ('later', 1, 1, 'demo', 'order', '\x02beef', $1), ('beat', 2, 2, 'demo', 'heartbeat', '\x02beef', '{}')`, []string{tag(ann)})
	must(t, err)
	for name, read := range map[string]func() error{
		"by name":  func() error { _, err := s.JournalAbout(ctx, "demo", []string{ann}, 10); return err },
		"by id":    func() error { _, err := s.JournalHas(ctx, []string{"later"}); return err },
		"page":     func() error { _, _, err := s.JournalPage(ctx, 0, 10); return err },
		"export":   func() error { _, _, err := s.JournalLinesTo(ctx, 0, 1, 10); return err },
		"orders":   func() error { return s.EachOrder(ctx, "demo", func(events.Message) bool { return true }) },
		"lately":   func() error { _, err := s.OrdersLately(ctx, 10); return err },
		"erasure":  func() error { return s.eraseNow(t, ann) },
		"Keycloak": func() error { _, err := s.KeycloakVersion(ctx); return err },
		"verify": func() error {
			return s.Freeze(ctx, false, func(ctx context.Context, z Frozen) error {
				_, _, err := z.Taught(ctx, func(int64, int64) {})
				return err
			})
		},
		"an answer": func() error { _, err := s.Arrived(ctx, "demo", "later"); return err },
	} {
		var unreadable *folded.UnreadableError
		if err := read(); !errors.As(err, &unreadable) || unreadable.Form != 2 {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(err.Error(), "message later") && !strings.Contains(err.Error(), "message beat") {
			t.Errorf("%s: %v names no message", name, err)
		}
	}
}

// Ensure a program that knows no folded line cannot note a file, or what only the file holds would be pruned.
func TestOlderProgramsExportNothing(t *testing.T) {
	s := New(newPool(t))
	_, err := s.pool.Exec(t.Context(), "INSERT INTO tokenstate.journal_export (from_n, to_n, lines, file, sha256) VALUES (1, 2, 2, 'f', 's')")
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "23502" {
		t.Errorf("%v", err)
	}
	must(t, s.JournalExported(t.Context(), Export{From: 1, To: 2, Lines: 2, File: "f", SHA256: "s"}))
}

// Ensure Keycloak's version is what its last heartbeat said.
func TestKeycloakVersion(t *testing.T) {
	s, ctx := New(newPool(t)), t.Context()
	if v, err := s.KeycloakVersion(ctx); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	for i, version := range []string{"26.0.8", "26.7.3"} {
		m := events.Message{ID: "heartbeat-" + version, Realm: "_", At: 1_700_000_000_000, Node: "kc1", Server: version, Source: events.Listener, Body: &events.Heartbeat{}}
		raw, err := events.Encode(m)
		must(t, err)
		_, err = s.Relearn(ctx, Learnt{Journal: []journal.Line{{ID: m.ID, Seq: uint64(i), Realm: "_", Class: "heartbeat", Raw: raw}}, Facts: tokenstate.NewFacts()})
		must(t, err)
	}
	if v, err := s.KeycloakVersion(ctx); v != "26.7.3" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

// Ensure a name's place in the index is what it was: lines are found by it for ever. Short names are themselves.
func TestTags(t *testing.T) {
	for name, want := range map[string]string{"": "", "*": "*", "user-12": "user-12", ann: "PlNRAZu", "f:store:ann": "lnofbwZ"} {
		if got := tag(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
	seen := map[string]string{}
	for i := range 10_000 {
		name := fmt.Sprintf("0f0f0f0f-0000-4000-8000-%012d", i)
		if was := seen[tag(name)]; was != "" {
			t.Errorf("%s and %s have the tag %s", was, name, tag(name))
		}
		seen[tag(name)] = name
	}
}
