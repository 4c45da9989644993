package postgres

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// needed is a notice about a user's login that follows on another.
func needed(user, cause string, last notice.Told) notice.Written {
	return notice.Written{Notice: notice.Notice{
		Type: notice.LoginNeeded, Subject: notice.Subject{Realm: "demo", User: user, Client: "app"}, Cause: cause, Last: last,
	}, Body: []byte(`{"cause":"` + cause + `"}`)}
}

func moment(t *testing.T, s *Store) tokenstate.Millis {
	t.Helper()
	at, _, err := s.Notices().NoticeMoment(t.Context())
	must(t, err)
	return at
}

func causes(t *testing.T, s *Store, after int64) (all []string) {
	t.Helper()
	found, err := s.Notices().NoticesAfter(t.Context(), "demo", after, 100)
	must(t, err)
	for _, n := range found {
		all = append(all, string(n.Body))
	}
	return all
}

// Ensure a notice is written once: neither a repetition, nor another worker that knows less of what was told, nor one that
// was frozen since it knew, writes a second; and what is refused leaves nothing behind.
func TestNoticesAreToldOnce(t *testing.T) {
	s := New(newPool(t))
	first := needed("ann", "a", notice.Told{})
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{first}))
	for name, c := range map[string]struct {
		notice notice.Written
		known  tokenstate.Millis
	}{
		"a repetition":             {first, moment(t, s)},
		"another cause":            {needed("ann", "b", notice.Told{}), moment(t, s)},
		"follows on what is not":   {needed("ben", "c", first.Tells()), moment(t, s)},
		"what was known too early": {needed("ann", "d", first.Tells()), moment(t, s) - tokenstate.Millis(NoticesFresh.Milliseconds())},
	} {
		before := needed("eve", name, notice.Told{})
		if err := s.Notices().Tell(t.Context(), c.known, []notice.Written{before, c.notice}); !errors.Is(err, notice.ErrOvertaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := causes(t, s, 0); len(got) != 1 {
		t.Errorf("written: %v", got)
	}
	told, err := s.Notices().Told(t.Context())
	must(t, err)
	if len(told) != 1 || told[first.Subject] != first.Tells() {
		t.Errorf("told: %v", told)
	}
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{needed("ann", "e", first.Tells())}))
	if got := causes(t, s, 1); len(got) != 1 || got[0] != `{"cause":"e"}` {
		t.Errorf("after the first: %v", got)
	}
}

// Ensure what was told is not told again when what is kept of that was lost.
func TestNoticesAreToldOnce_WithoutTheirState(t *testing.T) {
	pool := newPool(t)
	s, first := New(pool), needed("ann", "a", notice.Told{})
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{first}))
	_, err := pool.Exec(t.Context(), "DELETE FROM tokenstate.notice_state")
	must(t, err)
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{first}))
	if got := causes(t, s, 0); len(got) != 1 {
		t.Errorf("written: %v", got)
	}
}

// Ensure of many who tell at once, each history is told by one, and that a reader who goes on after the last place misses
// nothing.
func TestNoticesInTheOrderOfCommits(t *testing.T) {
	s := New(newPool(t))
	var all sync.WaitGroup
	done := make(chan struct{})
	for _, who := range []string{"1", "2", "3"} {
		all.Go(func() {
			for _, user := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				at, _, err := s.Notices().NoticeMoment(t.Context())
				if err == nil {
					err = s.Notices().Tell(t.Context(), at, []notice.Written{needed(user, who, notice.Told{})})
				}
				if err != nil && !errors.Is(err, notice.ErrOvertaken) {
					t.Error(err)
				}
			}
		})
	}
	go func() { all.Wait(); close(done) }()
	var seen int
	for after, ended := int64(0), false; !ended; {
		select {
		case <-done:
			ended = true // and what came before is read once more
		default:
		}
		found, err := s.Notices().NoticesAfter(t.Context(), "demo", after, 2)
		must(t, err)
		for _, n := range found {
			after, seen, ended = n.N, seen+1, false
		}
	}
	if seen != 8 {
		t.Errorf("a reader saw %d of 8", seen)
	}
}

// Ensure notices go after a time, and with them what is kept of subjects of which nothing is amiss; what still is so stays
// told.
func TestPruneNotices(t *testing.T) {
	s := New(newPool(t))
	ann, ben := needed("ann", "a", notice.Told{}), needed("ben", "b", notice.Told{})
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{ann, ben}))
	back := needed("ann", "c", ann.Tells())
	back.Type = notice.LoginRestored
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{back}))
	must(t, s.Notices().PruneNotices(t.Context(), time.Now().Add(-time.Hour)))
	if got := causes(t, s, 0); len(got) != 3 {
		t.Errorf("young ones are gone: %v", got)
	}
	must(t, s.Notices().PruneNotices(t.Context(), time.Now().Add(time.Hour)))
	told, err := s.Notices().Told(t.Context())
	must(t, err)
	if got := causes(t, s, 0); len(got) != 0 || len(told) != 1 || told[ben.Subject].Type != notice.LoginNeeded {
		t.Errorf("left: %v %v", got, told)
	}
}

// Ensure the worker can do all that with its own rights, and authapi can read notices and write none.
func TestNoticesByRole(t *testing.T) {
	pool := newPool(t)
	config := pool.Config()
	config.ConnConfig.RuntimeParams["role"] = "tokenstate_worker"
	worker, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(worker.Close)
	s := New(worker)
	must(t, s.Notices().Tell(t.Context(), moment(t, s), []notice.Written{needed("ann", "a", notice.Told{})}))
	_, err = s.Notices().Told(t.Context())
	must(t, err)
	_, err = s.Notices().KeyUses(t.Context(), []tokenstate.Scope{{Realm: "demo", User: "ann"}})
	must(t, err)
	must(t, s.Notices().PruneNotices(t.Context(), time.Now()))
	for sql, may := range map[string]bool{
		"SELECT n, body FROM tokenstate.notice": true, "SELECT n FROM tokenstate.notice_head": true,
		"DELETE FROM tokenstate.notice": false, "UPDATE tokenstate.notice_head SET n = 0": false, "DELETE FROM tokenstate.notice_state": false,
	} {
		if err := asRole(t.Context(), pool, "tokenstate_authapi", sql); (err == nil) != may {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Ensure the latest use of any of a user's keys is found, and of nobody else's.
func TestKeyUses(t *testing.T) {
	pool := newPool(t)
	for _, sql := range []string{
		"INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, last_used_at) VALUES ('k1', 'demo', 'ann', 'n', 'user', decode(repeat('00', 32), 'hex'), 'p', to_timestamp(50))",
		"INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, last_used_at) VALUES ('k2', 'demo', 'ann', 'n', 'user', decode(repeat('01', 32), 'hex'), 'p', to_timestamp(70))",
		"INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, last_used_at) VALUES ('k3', 'other', 'ann', 'n', 'user', decode(repeat('02', 32), 'hex'), 'p', to_timestamp(90))",
		"INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id) VALUES ('k4', 'demo', 'ben', 'n', 'user', decode(repeat('03', 32), 'hex'), 'p')",
	} {
		_, err := pool.Exec(t.Context(), sql)
		must(t, err)
	}
	ann := tokenstate.Scope{Realm: "demo", User: "ann"}
	uses, err := New(pool).Notices().KeyUses(t.Context(), []tokenstate.Scope{ann, {Realm: "demo", User: "ben"}, ann})
	must(t, err)
	if len(uses) != 1 || uses[ann] != 70_000 {
		t.Errorf("%v", uses)
	}
}
