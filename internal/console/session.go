package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// Bounds of sessions. They lie in memory: a restart logs everybody out, and no cookie holds anything
// that could be opened.
const (
	sessionLife   = 8 * time.Hour
	sessionIdle   = 30 * time.Minute
	maxSessions   = 1000
	askAgainAfter = 5 * time.Second // whether they may still be in
	askLimit      = 2 * time.Second // for one such question
	leaveLimit    = 5 * time.Second // for ending a login at the identity provider
	unaskedLimit  = 5 * time.Minute // a session that cannot be asked about ends then
)

type session struct {
	mu                           sync.Mutex
	visitor                      Visitor
	identity                     Identity
	made, used, asked, confirmed time.Time
}

// sessions are by the digest of their cookie: whoever reads this memory's map has no cookie.
type sessions struct {
	mu  sync.Mutex
	all map[[32]byte]*session
	now func() time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{all: map[[32]byte]*session{}, now: now}
}

// errFull: there are as many sessions as may be.
var errFull = errors.New("too many people are logged in")

// begin makes a session and gives its cookie's value.
func (s *sessions) begin(v Visitor, id Identity) (cookie string, err error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, one := range s.all {
		if one.over(now) {
			delete(s.all, key)
		}
	}
	if len(s.all) >= maxSessions {
		return "", errFull
	}
	cookie = rand.Text() + rand.Text()
	s.all[sha256.Sum256([]byte(cookie))] = &session{visitor: v, identity: id, made: now, used: now, asked: now, confirmed: now}
	return cookie, nil
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(cookie)))
}

// leave is end, and ends the login at the identity provider, too; an error says that this could not be done.
func (s *sessions) leave(ctx context.Context, cookie string) error {
	x := s.of(cookie)
	s.end(cookie)
	if x == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	l, ok := x.identity.(Leaver)
	if !ok {
		return nil
	}
	x.identity = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveLimit)
	defer cancel()
	return l.Leave(ctx)
}

// endOf ends a session of the identity provider, or all of a subject's if session is "".
func (s *sessions) endOf(subject, session string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, x := range s.all {
		if x.is(subject, session) {
			delete(s.all, key)
			n++
		}
	}
	return n
}

func (x *session) is(subject, session string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	v := x.visitor
	return v.Subject != "" && (session != "" && v.Session == session || session == "" && v.Subject == subject)
}

func (s *sessions) of(cookie string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[sha256.Sum256([]byte(cookie))]
}

func (x *session) over(now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return now.Sub(x.made) > sessionLife || now.Sub(x.used) > sessionIdle
}

// visitorOf is who a cookie stands for now, asked about again every few seconds of use. unasked says
// that this could not be done just now. A page that renews itself is no use: it must not keep a
// session alive that nobody looks at.
func (s *sessions) visitorOf(ctx context.Context, cookie string, renews bool) (v Visitor, unasked, ok bool) {
	x := s.of(cookie)
	if x == nil {
		return v, false, false
	}
	now := s.now()
	if x.over(now) {
		s.end(cookie)
		return v, false, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !renews {
		x.used = now
	}
	if now.Sub(x.asked) >= askAgainAfter {
		x.asked = now
		x.ask(ctx, now)
	}
	if x.identity == nil || now.Sub(x.confirmed) > unaskedLimit {
		s.end(cookie)
		return v, false, false
	}
	return x.visitor, x.confirmed != x.asked, true
}

// ask holds the session's lock: one question at a time is enough.
func (x *session) ask(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askLimit)
	defer cancel()
	is, err := x.identity.Still(ctx)
	switch {
	case errors.Is(err, ErrOut):
		x.identity = nil
	case err == nil:
		x.visitor, x.confirmed = is, now
	}
}
